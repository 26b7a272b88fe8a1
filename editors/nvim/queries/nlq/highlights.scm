(heading_marker) @punctuation.special
(heading_content) @markup.heading
(front_matter "---" @punctuation.delimiter)
(fence_open) @punctuation.delimiter
(fence_close) @punctuation.delimiter
(info_string) @label
(quote_marker) @punctuation.special
(quote_content) @markup.quote
(list_marker) @markup.list
(thematic_break) @punctuation.special
(parameter) @variable.parameter
(comment) @comment
