; An answer is in the language of its info string.
(fenced_block
  (info_string) @injection.language
  (code) @injection.content)

((yaml) @injection.content
  (#set! injection.language "yaml"))
