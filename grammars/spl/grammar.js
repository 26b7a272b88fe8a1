/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

/**
 * SPL, Splunk's Search Processing Language: commands joined by `|`, each with a small language of its own. A command whose
 * arguments a reader must understand has a rule; every other one, also one that nobody knows, is a `command` of options,
 * words, strings, calls and subsearches. A macro (`name(args)` in backticks) may stand wherever a word may.
 *
 * Words are told apart by where they stand: `a-b` is one word in a search and a subtraction in `eval`.
 */

// Commands, functions and the words between clauses are read in any case.
const anyCase = (...words) =>
  new RegExp(words.map((word) => word.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)).join('|'));

// A backslash escapes a quote, a pipe and itself; before anything else it is a character. A `!` starts an operator only
// before `=`. A token of a dashboard or of `map` may name a filter (`$host|s$`), a template of `foreach` is `<<FIELD>>`.
const PLAIN = String.raw`[^\s|()\[\],"\x60=<>!\\]`;
const INSIDE = String.raw`\\[\\|"]?|!${PLAIN}|<<\w+>>|\$[\w.:]+\|\w+\$`;
const WORD = `(${PLAIN}|${INSIDE})+`;
// After an operator a word may hold further operators and the parentheses of a call: `uri=*/find?a=b`, `call=*close()*`.
const VALUE = String.raw`(${PLAIN}|${INSIDE})(${PLAIN}|${INSIDE}|[=<>!]|\(\))*`;
// A field after which or before which a sign may stand.
const UNSIGNED = String.raw`([^\s|()\[\],"\x60=<>!\\+-]|${INSIDE})(${PLAIN}|${INSIDE})*`;
// A column that `stats` made is named after its call: `fields - dc(host)`.
const CALLED = String.raw`(\([^()\s|,"\x60]*\))?`;
const LISTED = UNSIGNED + CALLED;
const EVAL_NAME = String.raw`([\p{L}_$@]|<<\w+>>|\$[\w.:]+(\|\w+)?\$|\{[\w.]+\})([\p{L}\p{N}_:$@]|\{[\w.]*\}|<<\w+>>|\$[\w.:]+(\|\w+)?\$)*`;

const separated = (rule) => seq(rule, repeat(seq(',', rule)));

module.exports = grammar({
  name: 'spl',

  extras: ($) => [/\s/, $.comment],

  supertypes: ($) => [$._command, $._named_command],

  conflicts: () => [],

  rules: {
    source_file: ($) => seq(optional($.search), repeat(seq($.prompt, optional($.search)))),

    // Where two tokens match the same text the first one here is taken: the words of the language stand before names.
    prompt: () =>
      token(
        choice(
          // Lines below it that start with `--` go on with it.
          /--[ \t]*nlq[(:][^\n]*(\n[ \t]*--[^\n]*)*/,
          /```\s*nlq[(:]([^`]|`[^`]|``[^`])*```/,
          /`\s*comment\s*\(\s*"\s*nlq[(:]([^"\\]|\\(.|\n))*"\s*\)\s*`/,
        ),
      ),
    comment: () => token(choice(/```([^`]|`[^`]|``[^`])*```/, /--[ \t]*nlq(-\w+)?[(:][^\n]*/)),
    _and: () => 'AND',
    _or: () => 'OR',
    _not: () => 'NOT',
    _in: () => 'IN',
    _directive: () => choice('TERM', 'CASE', 'PREFIX'),
    _by: () => anyCase('by', 'groupby'),
    _as: () => anyCase('as'),
    _over: () => anyCase('over'),
    _where: () => anyCase('where'),
    _from: () => anyCase('from'),
    _output: () => anyCase('output', 'outputnew'),
    _sortby: () => anyCase('sortby'),
    _eval_word: () => anyCase('eval'),
    _eval_not: () => anyCase('not'),
    _eval_in: () => anyCase('in'),
    _name_search: () => anyCase('search', 'metasearch'),
    _name_where: () => anyCase('where'),
    _name_eval: () => anyCase('eval', 'fieldformat'),
    _name_stats: () =>
      anyCase(
        'stats',
        'eventstats',
        'streamstats',
        'sistats',
        'chart',
        'sichart',
        'timechart',
        'sitimechart',
        'geostats',
      ),
    _name_tstats: () => anyCase('tstats', 'mstats', 'mcatalog'),
    _name_top: () => anyCase('top', 'rare', 'sitop', 'sirare'),
    _name_fields: () => anyCase('fields', 'table'),
    _name_sort: () => anyCase('sort'),
    _name_rename: () => anyCase('rename'),
    _name_dedup: () => anyCase('dedup'),
    _name_head: () => anyCase('head'),
    _name_regex: () => anyCase('regex'),
    _name_lookup: () => anyCase('lookup'),
    _name_inputlookup: () => anyCase('inputlookup', 'inputcsv'),
    _name_transaction: () => anyCase('transaction'),
    _name: () => /[A-Za-z_][A-Za-z0-9_-]*/,

    number: () => /(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?/,
    string: () => /"([^"\\]|\\(.|\n))*"/,
    // A pipe or bracket in single quotes is one all the same: Splunk knows only double quotes before it reads a command.
    quoted_name: () => /'[^'\n|\[\]]*'/,
    word: () => new RegExp(WORD, 'u'),
    _value_word: () => new RegExp(VALUE, 'u'),
    _listed_word: () => new RegExp(LISTED, 'u'),
    _unsigned_word: () => new RegExp(UNSIGNED, 'u'),
    _eval_name: () => new RegExp(EVAL_NAME, 'u'),

    // ---- pipelines ----

    search: ($) =>
      choice(
        seq(choice($.search_command, alias($._implicit_search, $.search_command)), repeat(seq('|', $._command))),
        repeat1(seq('|', $._command)),
      ),

    // What a subsearch starts with is a command, but for a macro, which may hold one.
    subsearch: ($) =>
      seq(
        '[',
        optional('|'),
        choice($._named_command, alias($._macro_search, $.search_command)),
        repeat(seq('|', $._command)),
        ']',
      ),

    _command: ($) => choice($._named_command, $.macro_command),
    _named_command: ($) =>
      choice(
        $.search_command,
        $.where_command,
        $.eval_command,
        $.stats_command,
        $.tstats_command,
        $.top_command,
        $.fields_command,
        $.sort_command,
        $.rename_command,
        $.dedup_command,
        $.head_command,
        $.regex_command,
        $.lookup_command,
        $.inputlookup_command,
        $.transaction_command,
        $.command,
      ),

    // ---- macros ----

    macro: ($) =>
      seq(
        '`',
        field('name', $.macro_name),
        optional(seq('(', optional(separated(field('argument', $.macro_argument))), ')')),
        '`',
      ),
    macro_name: () => /[\w$][\w$.:-]*/,
    macro_argument: () => /([^\s,()`"|]|"([^"\\]|\\(.|\n))*")([^,()`"]|"([^"\\]|\\(.|\n))*"|\([^()`]*\))*/,

    macro_command: ($) => seq(field('macro', $.macro), repeat($._argument), optional($.by_clause)),

    // ---- searches for events: NOT binds closest, then OR, then AND, which is also what no word between terms means ----

    search_command: ($) =>
      seq(
        field('name', alias($._name_search, $.command_name)),
        optional(field('expression', $._search_expression)),
      ),
    _implicit_search: ($) => field('expression', $._search_expression),
    _macro_search: ($) => field('expression', choice($.macro, alias($._macro_and, $.and_expression))),
    _macro_and: ($) => seq($.macro, repeat1(seq(optional(alias($._and, 'AND')), $._or_level))),

    _search_expression: ($) => choice($.and_expression, $._or_level),
    and_expression: ($) => seq($._or_level, repeat1(seq(optional(alias($._and, 'AND')), $._or_level))),
    _or_level: ($) => choice($.or_expression, $._not_level),
    or_expression: ($) => seq($._not_level, repeat1(seq(alias($._or, 'OR'), $._not_level))),
    _not_level: ($) => choice($.not_expression, $._search_primary),
    not_expression: ($) => seq(alias($._not, 'NOT'), $._not_level),
    _search_primary: ($) =>
      choice($.comparison, $.in_list, $.term, $.macro, $.directive, $.subsearch, alias($._search_group, $.group)),
    _search_group: ($) => seq('(', $._search_expression, ')'),

    comparison: ($) =>
      seq(field('field', $._searched_field), field('operator', $._comparison_operator), field('value', $._search_value)),
    in_list: ($) =>
      seq(
        field('field', $._searched_field),
        alias($._in, 'IN'),
        choice(seq('(', repeat(','), repeat1(seq(field('value', $._listed), repeat(','))), ')'), $.subsearch),
      ),
    _searched_field: ($) =>
      choice(alias($.word, $.field_name), alias($.string, $.field_name), alias($.quoted_name, $.field_name), $.macro),
    _comparison_operator: () => choice('=', '==', '!=', '<', '<=', '>', '>='),
    _search_value: ($) =>
      choice(
        alias($._value_word, $.word),
        $.string,
        $.macro,
        $.directive,
        $.subsearch,
        alias($._search_group, $.group),
      ),
    _listed: ($) => choice($.word, $.string, $.macro, $.directive),
    term: ($) => choice($.word, $.string, $.quoted_name),
    directive: ($) =>
      seq(
        field('name', alias($._directive, $.directive_name)),
        token.immediate(prec(1, '(')),
        field('argument', $.directive_text),
        ')',
      ),
    directive_text: () => /([^()"`|\s]|"[^"]*")([^()"`|]|"[^"]*")*/,

    // ---- expressions of eval and where ----

    where_command: ($) =>
      seq(field('name', alias($._name_where, $.command_name)), field('expression', $._expression)),

    eval_command: ($) =>
      seq(
        field('name', alias($._name_eval, $.command_name)),
        separated(choice(field('assignment', $.assignment), $.macro)),
      ),
    assignment: ($) => seq(field('field', $._assigned), '=', field('value', $._expression)),
    _assigned: ($) =>
      choice(alias($.word, $.field_name), alias($.string, $.field_name), alias($.quoted_name, $.field_name)),

    _expression: ($) =>
      choice(
        $.binary_expression,
        $.unary_expression,
        $.in_expression,
        $.function_call,
        alias($._eval_name, $.field_name),
        alias($.quoted_name, $.field_name),
        $.string,
        $.number,
        $.macro,
        $.subsearch,
        $.parenthesized,
      ),
    parenthesized: ($) => seq('(', $._expression, ')'),
    binary_expression: ($) =>
      choice(
        ...[
          [1, anyCase('or')],
          [1, anyCase('xor')],
          [2, anyCase('and')],
          [4, choice('=', '==', '!=', '<', '<=', '>', '>=', anyCase('like'))],
          [5, '.'],
          [6, choice('+', '-')],
          [7, choice('*', '/', '%')],
        ].map(([level, operator]) =>
          prec.left(
            level,
            seq(
              field('left', $._expression),
              field('operator', alias(operator instanceof RegExp ? token(operator) : operator, $.operator)),
              field('right', $._expression),
            ),
          ),
        ),
      ),
    unary_expression: ($) =>
      choice(
        prec(3, seq(field('operator', alias($._eval_not, $.operator)), field('operand', $._expression))),
        prec(8, seq(field('operator', alias(choice('-', '+'), $.operator)), field('operand', $._expression))),
      ),
    in_expression: ($) =>
      prec.left(
        4,
        seq(
          field('left', $._expression),
          alias($._eval_in, 'IN'),
          '(',
          separated(field('value', $._expression)),
          ')',
        ),
      ),
    function_call: ($) =>
      seq(
        field('function', alias($._eval_name, $.function_name)),
        '(',
        optional(separated(field('argument', $._expression))),
        ')',
      ),

    // ---- statistics ----

    stats_command: ($) =>
      seq(
        field('name', alias($._name_stats, $.command_name)),
        repeat(
          choice(
            field('option', choice($.option, alias($._conditional_option, $.option))),
            field('aggregation', $.aggregation),
            ',',
          ),
        ),
        repeat(choice(field('over', $.over_clause), field('by', $.by_clause))),
      ),
    // reset_before and reset_after of streamstats.
    _conditional_option: ($) =>
      seq(field('key', alias($.word, $.key)), '=', field('value', choice($.parenthesized, $.eval_call))),
    tstats_command: ($) =>
      seq(
        field('name', alias($._name_tstats, $.command_name)),
        repeat(choice(field('option', $.option), field('aggregation', $.aggregation), ',')),
        optional(field('from', $.from_clause)),
        optional(field('where', $.where_clause)),
        optional(field('by', $.by_clause)),
      ),
    aggregation: ($) =>
      seq(
        choice(
          field('function', alias($.word, $.function_name)),
          $._call,
          field('macro', $.macro),
          field('expression', $.eval_call),
        ),
        optional($._alias),
      ),
    _call: ($) =>
      seq(
        field('function', alias($.word, $.function_name)),
        '(',
        optional(separated(field('argument', $._aggregated))),
        ')',
      ),
    _aggregated: ($) =>
      choice($._field, $.eval_call, $.directive, alias($._call, $.aggregation)),
    eval_call: ($) => seq(alias($._eval_word, 'eval'), '(', $._expression, ')'),
    // `count AS by host` lacks a name: were `by` no word here it would be the name. A noncharacter stands in no text.
    _unnamed: () => /\u{10FFFE}/u,
    _alias: ($) => seq(alias($._as, 'AS'), choice(field('alias', $._listed_field), seq($._by, $._unnamed))),
    over_clause: ($) => seq(alias($._over, 'OVER'), $._by_item, repeat(choice(field('option', $.option), ','))),
    by_clause: ($) =>
      seq(alias($._by, 'BY'), $._by_item, repeat(choice($._by_item, ',')), optional(field('where', $.series_filter))),
    _by_item: ($) => choice(field('field', choice($._field, $.directive)), field('option', $.option)),
    // Which series of a timechart are kept: `where count in top5`, `where max(cpu) > 10`.
    series_filter: ($) =>
      seq(
        alias($._where, 'WHERE'),
        field('aggregation', $.aggregation),
        choice(
          seq(field('operator', alias(token(anyCase('in', 'notin')), $.operator)), field('value', $.word)),
          seq(field('operator', choice('<', '>')), field('value', alias($._value_word, $.word))),
        ),
      ),
    from_clause: ($) =>
      seq(
        alias($._from, 'FROM'),
        choice(
          seq(field('kind', alias($.word, $.key)), '=', field('source', $._value)),
          seq(field('kind', alias($.word, $.key)), optional(field('source', choice($.word, $.string, $.macro)))),
          field('source', choice($.string, $.macro)),
        ),
      ),
    where_clause: ($) => seq(alias($._where, 'WHERE'), optional(field('expression', $._search_expression))),

    top_command: ($) =>
      seq(
        field('name', alias($._name_top, $.command_name)),
        repeat(choice(field('option', $.option), field('field', $._field), ',')),
        optional(field('by', $.by_clause)),
      ),

    // ---- lists of fields ----

    fields_command: ($) =>
      seq(
        field('name', alias($._name_fields, $.command_name)),
        optional(field('sign', choice('+', '-'))),
        repeat(choice(field('field', $._listed_field), ',')),
      ),
    sort_command: ($) =>
      seq(
        field('name', alias($._name_sort, $.command_name)),
        repeat(','),
        repeat1(seq(choice(field('option', $.sort_option), field('key', $.sort_key)), repeat(','))),
      ),
    sort_option: ($) => seq(field('key', alias($._unsigned_word, $.key)), '=', field('value', alias($._value_word, $.word))),
    sort_key: ($) =>
      seq(
        optional(field('sign', choice('+', '-'))),
        choice(
          field('field', $._unsigned_field),
          seq(
            field('kind', alias($._unsigned_word, $.function_name)),
            '(',
            field('field', $._unsigned_field),
            ')',
          ),
        ),
      ),
    rename_command: ($) =>
      seq(
        field('name', alias($._name_rename, $.command_name)),
        repeat(','),
        repeat1(seq(choice(field('renaming', $.renaming), $.macro), repeat(','))),
      ),
    renaming: ($) => seq(field('field', $._listed_field), $._alias),
    dedup_command: ($) =>
      seq(
        field('name', alias($._name_dedup, $.command_name)),
        repeat1(choice(field('option', $.option), field('field', $._field), ',')),
        optional(field('sortby', $.sortby_clause)),
      ),
    sortby_clause: ($) =>
      seq(
        alias($._sortby, 'SORTBY'),
        repeat1(seq(choice(field('option', $.sort_option), field('key', $.sort_key)), repeat(','))),
      ),
    head_command: ($) =>
      seq(
        field('name', alias($._name_head, $.command_name)),
        repeat(choice(field('option', $.option), field('count', $.number), field('condition', $.parenthesized), $.macro)),
      ),

    regex_command: ($) =>
      seq(
        field('name', alias($._name_regex, $.command_name)),
        optional(seq(field('field', $._field), field('operator', choice('=', '!=')))),
        field('pattern', choice($.string, $.macro, $.word)),
      ),

    // ---- lookups ----

    lookup_command: ($) =>
      seq(
        field('name', alias($._name_lookup, $.command_name)),
        repeat(choice(field('option', $.option), ',')),
        field('table', choice($.word, $.string, $.macro)),
        repeat(choice(field('match', $.lookup_field), ',')),
        optional(
          seq(
            field('mode', alias($._output, $.output_mode)),
            repeat(','),
            repeat1(seq(field('output', $.lookup_field), repeat(','))),
          ),
        ),
      ),
    lookup_field: ($) => seq(field('field', $._field), optional($._alias)),
    inputlookup_command: ($) =>
      seq(
        field('name', alias($._name_inputlookup, $.command_name)),
        repeat(choice(field('option', $.option), ',')),
        field('table', choice($.word, $.string, $.macro)),
        repeat(choice(field('option', $.option), ',')),
        optional(field('where', $.where_clause)),
      ),

    transaction_command: ($) =>
      seq(
        field('name', alias($._name_transaction, $.command_name)),
        repeat(choice(field('option', choice($.option, alias($._border, $.option))), field('field', $._field), ',')),
      ),
    // startswith and endswith: events that a search or an expression describes.
    _border: ($) =>
      seq(field('key', alias($.word, $.key)), '=', field('value', choice($.eval_call, alias($._search_group, $.group)))),

    // ---- every other command ----

    command: ($) =>
      seq(field('name', alias($._name, $.command_name)), repeat($._argument), optional(field('by', $.by_clause))),
    _argument: ($) =>
      choice(
        field('option', $.option),
        field('option', alias($._grouped_option, $.option)),
        field('option', $.condition),
        field('argument', $._plain),
        field('argument', $.aliased),
        field('subsearch', $.subsearch),
        field('argument', alias($._loose_group, $.group)),
        ',',
      ),
    option: ($) => seq(field('key', alias($.word, $.key)), '=', field('value', $._value)),
    _grouped_option: ($) =>
      seq(
        field('key', alias($.word, $.key)),
        '=',
        field('value', choice($.eval_call, alias($._loose_group, $.group))),
      ),
    condition: ($) =>
      seq(
        field('field', choice(alias($.word, $.field_name), alias($.string, $.field_name), alias($.quoted_name, $.field_name))),
        field('operator', choice('==', '!=', '<', '<=', '>', '>=')),
        field('value', $._value),
      ),
    aliased: ($) => seq(field('source', $._plain), $._alias),
    _plain: ($) => choice($.word, $.string, $.quoted_name, $.macro, $.call),
    call: ($) =>
      prec(
        1,
        seq(
          field('function', alias($.word, $.function_name)),
          '(',
          repeat($._argument),
          ')',
        ),
      ),
    _loose_group: ($) => seq('(', repeat($._argument), ')'),

    // ---- what they share ----

    _value: ($) =>
      choice(alias($._value_word, $.word), $.string, $.macro, $.subsearch),
    _field: ($) =>
      choice(alias($.word, $.field_name), alias($.string, $.field_name), alias($.quoted_name, $.field_name), $.macro),
    _listed_field: ($) =>
      choice(
        alias($._listed_word, $.field_name),
        alias($.string, $.field_name),
        alias($.quoted_name, $.field_name),
        $.macro,
      ),
    _unsigned_field: ($) =>
      choice(
        alias($._unsigned_word, $.field_name),
        alias($.string, $.field_name),
        alias($.quoted_name, $.field_name),
        $.macro,
      ),
  },
});
