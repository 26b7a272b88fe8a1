" Vim syntax of .nlq files, for when there is no tree-sitter parser.
if exists('b:current_syntax')
  finish
endif

syntax include @nlqSql syntax/sql.vim
unlet! b:current_syntax
syntax include @nlqYaml syntax/yaml.vim
unlet! b:current_syntax
syntax include @nlqJson syntax/json.vim
unlet! b:current_syntax
syntax case match

syntax region nlqComment start=/<!--/ end=/-->/
syntax match nlqQuote /^\s\{0,3}>.*$/ contains=nlqParameter
syntax match nlqHeading /^#\{1,6}\s.*$/
syntax match nlqParameter /{{\s*[[:alnum:]_.-]\+\s*}}/ containedin=ALLBUT,nlqHeading,nlqComment

syntax region nlqAnswer matchgroup=nlqFence start=/^\s\{0,3}```.*$/ end=/^\s\{0,3}```\s*$/ keepend
syntax region nlqAnswerSql matchgroup=nlqFence keepend contains=@nlqSql
      \ start=/^\s\{0,3}```\s*\c\(sql\|postgresql\|postgres\|psql\|sqlite\|mysql\)\>.*$/ end=/^\s\{0,3}```\s*$/
syntax region nlqAnswerJson matchgroup=nlqFence keepend contains=@nlqJson
      \ start=/^\s\{0,3}```\s*\c\(json\|mongodb\|opensearch\|elasticsearch\)\>.*$/ end=/^\s\{0,3}```\s*$/
syntax region nlqFrontMatter matchgroup=nlqFence start=/\%^---\s*$/ end=/^---\s*$/ keepend contains=@nlqYaml

syntax sync fromstart

highlight default link nlqHeading Title
highlight default link nlqComment Comment
highlight default link nlqQuote Special
highlight default link nlqFence Delimiter
highlight default link nlqParameter Identifier

let b:current_syntax = 'nlq'
