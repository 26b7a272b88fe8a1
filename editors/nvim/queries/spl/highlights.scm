(command_name) @keyword
(macro "`" @punctuation.special)
(macro name: (macro_name) @function.macro)
(macro argument: (macro_argument) @variable.parameter)
(aggregation function: (function_name) @function)
(function_call function: (function_name) @function.call)
(call function: (function_name) @function.call)
(sort_key kind: (function_name) @function.call)
(directive name: (directive_name) @function.builtin)
(directive argument: (directive_text) @string)
(eval_call "eval" @function.builtin)
(key) @property
(option value: (word) @constant)
(sort_option value: (word) @constant)
(field_name) @variable
(comparison value: (word) @string)
(in_list value: (word) @string)
(term (word) @string)
(string) @string
(number) @number
(output_mode) @keyword
[
  "AS"
  "BY"
  "FROM"
  "IN"
  "OVER"
  "SORTBY"
  "WHERE"
] @keyword
[
  "AND"
  "NOT"
  "OR"
] @keyword.operator
(operator) @operator
[
  "="
  "=="
  "!="
  "<"
  "<="
  ">"
  ">="
] @operator
"|" @punctuation.special
[
  "("
  ")"
  "["
  "]"
] @punctuation.bracket
"," @punctuation.delimiter
(comment) @comment
(prompt) @comment
