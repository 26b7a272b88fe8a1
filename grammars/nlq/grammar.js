/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

/**
 * A .nlq file: front matter, headings, questions as paragraphs, answers as fenced blocks, clarifications as block
 * quotes. What a line is shows at its start, which the scanner (src/scanner.c) reads; every line that it does not claim
 * is part of a paragraph, so that any text parses without an error.
 */
module.exports = grammar({
  name: 'nlq',

  extras: () => [],

  externals: ($) => [
    $._front_open,
    $.yaml,
    $._front_close,
    $._blank_line,
    $.heading_marker,
    $.fence_open,
    $.code,
    $.fence_close,
    $.quote_marker,
    $.list_marker,
    $._table_line,
    $.thematic_break,
    $.comment,
    $._eof,
  ],

  rules: {
    document: ($) => seq(optional($.front_matter), repeat($._block)),

    front_matter: ($) =>
      seq(alias($._front_open, '---'), $._line_end, optional($.yaml), alias($._front_close, '---'), $._line_end),

    _block: ($) =>
      choice(
        $._blank_line,
        $.heading,
        $.paragraph,
        $.fenced_block,
        $.block_quote,
        $.list,
        $.table,
        seq($.thematic_break, $._line_end),
        $.comment,
      ),

    heading: ($) => seq($.heading_marker, optional(alias($._inline, $.heading_content)), $._line_end),

    paragraph: ($) => prec.right(repeat1($._line)),

    fenced_block: ($) =>
      prec.right(
        seq(
          $.fence_open,
          optional($.info_string),
          $._line_end,
          optional($.code),
          optional(seq($.fence_close, $._line_end)),
        ),
      ),

    info_string: () => /[^\r\n]+/,

    block_quote: ($) =>
      prec.right(repeat1(seq($.quote_marker, optional(alias($._inline, $.quote_content)), $._line_end))),

    list: ($) => prec.right(repeat1($.list_item)),

    list_item: ($) => prec.right(seq($.list_marker, optional($._inline), $._line_end, repeat($._line))),

    table: ($) => prec.right(repeat1(seq($._table_line, $._line_end))),

    _line: ($) => seq($._inline, $._line_end),

    _inline: ($) => prec.right(repeat1(choice($.parameter, $._text))),

    parameter: () => token(prec(1, /\{\{[ \t]*[\p{L}_][\p{L}\p{N}_.]*[ \t]*\}\}/)),

    // One character at least; a brace ends a run, so that a parameter can start there.
    _text: () => token(choice(/[^\r\n{]+/, '{', '\r')),

    _line_end: ($) => choice(/\r?\n/, $._eof),
  },
});
