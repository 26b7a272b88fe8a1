" Vim syntax of SPL, for when there is no tree-sitter parser.
if exists('b:current_syntax')
  finish
endif

syntax case match
syntax match splWord /\<\k\+\>/ transparent contains=NONE
syntax match splFunction /\<\h\w*\ze\s*(/
syntax match splField /\<\h[[:alnum:]_.]*\ze\s*\(!\?=\|[<>]\)/
syntax match splNumber /\<\d\+\(\.\d\+\)\?\>/
syntax keyword splLogical AND OR NOT XOR IN LIKE
syntax match splClause /\c\<\(as\|by\|over\|output\|outputnew\|where\|from\|sortby\|with\|groupby\)\>/
syntax match splCommand /\([|[]\_s*\)\@<=\h[[:alnum:]_-]*/
syntax match splPipe /|/
syntax match splToken /\$[[:alnum:]_.:]\+\(|\w\+\)\?\$/
syntax match splTemplate /<<\w\+>>/
syntax region splString start=/"/ skip=/\\./ end=/"/ contains=splToken
syntax region splMacro start=/`/ end=/`/ contains=splString
syntax region splComment start=/```/ end=/```/
syntax region splComment start=/`\s*comment\s*(/ end=/)\s*`/
syntax match splComment /^\s*--\s*nlq\(-\w\+\)\?[(:].*$/

syntax sync fromstart

highlight default link splCommand Statement
highlight default link splClause Keyword
highlight default link splLogical Operator
highlight default link splPipe Delimiter
highlight default link splFunction Function
highlight default link splField Identifier
highlight default link splNumber Number
highlight default link splString String
highlight default link splMacro Macro
highlight default link splToken Special
highlight default link splTemplate Special
highlight default link splComment Comment

let b:current_syntax = 'spl'
