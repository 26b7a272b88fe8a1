// Reads what stands at the start of a line. Everything that needs more than one line of view is here: blocks that end
// with a line of their own (front matter, fences, comments).

#include "tree_sitter/alloc.h"
#include "tree_sitter/parser.h"

enum TokenType {
    FRONT_OPEN,
    YAML,
    FRONT_CLOSE,
    BLANK_LINE,
    HEADING_MARKER,
    FENCE_OPEN,
    CODE,
    FENCE_CLOSE,
    QUOTE_MARKER,
    LIST_MARKER,
    TABLE_LINE,
    THEMATIC_BREAK,
    COMMENT,
    END_OF_FILE,
};

// The open fence: its character, or 0, and its length.
typedef struct {
    char fence;
    uint8_t length;
} Scanner;

void *tree_sitter_nlq_external_scanner_create(void) { return ts_calloc(1, sizeof(Scanner)); }

void tree_sitter_nlq_external_scanner_destroy(void *payload) { ts_free(payload); }

unsigned tree_sitter_nlq_external_scanner_serialize(void *payload, char *buffer) {
    Scanner *scanner = payload;
    buffer[0] = scanner->fence;
    buffer[1] = (char)scanner->length;
    return 2;
}

void tree_sitter_nlq_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
    Scanner *scanner = payload;
    scanner->fence = length == 2 ? buffer[0] : 0;
    scanner->length = length == 2 ? (uint8_t)buffer[1] : 0;
}

static void advance(TSLexer *lexer) { lexer->advance(lexer, false); }

static bool is_space(TSLexer *lexer) { return lexer->lookahead == ' ' || lexer->lookahead == '\t'; }

static void spaces(TSLexer *lexer) {
    while (is_space(lexer)) advance(lexer);
}

// At the end of a line's content; a `\r` counts where a `\n` follows, which the lexer cannot see without moving: a lone
// `\r` in a marker line is no case to care about.
static bool at_line_end(TSLexer *lexer) {
    return lexer->eof(lexer) || lexer->lookahead == '\n' || lexer->lookahead == '\r';
}

static void next_line(TSLexer *lexer) {
    while (!lexer->eof(lexer) && lexer->lookahead != '\n') advance(lexer);
    if (!lexer->eof(lexer)) advance(lexer);
}

static unsigned run(TSLexer *lexer, int32_t character) {
    unsigned count = 0;
    while (lexer->lookahead == character && !lexer->eof(lexer)) {
        advance(lexer);
        count++;
    }
    return count;
}

static bool found(TSLexer *lexer, enum TokenType type) {
    lexer->result_symbol = type;
    return true;
}

// At the start of a line: true when the line closes the block that `scanner` has open, or front matter without one.
// Stops at the end of the closing marker or somewhere in another line.
static bool closes(Scanner *scanner, TSLexer *lexer, bool front) {
    if (front) {
        if (run(lexer, '-') != 3) return false;
    } else {
        unsigned indent = run(lexer, ' ');
        if (indent > 3 || run(lexer, scanner->fence) < scanner->length) return false;
    }
    spaces(lexer);
    return at_line_end(lexer);
}

// The lines of a block up to the one that closes it, or that closing line when it comes first.
static bool scan_body(Scanner *scanner, TSLexer *lexer, bool front) {
    bool any = false;
    lexer->mark_end(lexer);
    while (!lexer->eof(lexer)) {
        if (closes(scanner, lexer, front)) {
            if (any) return found(lexer, front ? YAML : CODE);
            lexer->mark_end(lexer);
            scanner->fence = 0;
            scanner->length = 0;
            return found(lexer, front ? FRONT_CLOSE : FENCE_CLOSE);
        }
        next_line(lexer);
        lexer->mark_end(lexer);
        any = true;
    }
    return any && found(lexer, front ? YAML : CODE);
}

static bool scan_comment(TSLexer *lexer) {
    advance(lexer);
    for (const char *rest = "!--"; *rest; rest++) {
        if (lexer->lookahead != *rest) return false;
        advance(lexer);
    }
    while (!lexer->eof(lexer)) {
        unsigned dashes = run(lexer, '-');
        if (dashes >= 2 && lexer->lookahead == '>') break;
        if (dashes == 0) advance(lexer);
    }
    // What follows on its last line belongs to it.
    next_line(lexer);
    lexer->mark_end(lexer);
    return found(lexer, COMMENT);
}

static bool scan_fence_open(Scanner *scanner, TSLexer *lexer) {
    char fence = (char)lexer->lookahead;
    unsigned length = run(lexer, fence);
    if (length < 3) return false;
    spaces(lexer);
    lexer->mark_end(lexer);
    while (!at_line_end(lexer)) {
        if (fence == '`' && lexer->lookahead == '`') return false;
        advance(lexer);
    }
    scanner->fence = fence;
    scanner->length = (uint8_t)(length > 255 ? 255 : length);
    return found(lexer, FENCE_OPEN);
}

// `- `, `* `, `+ ` or a line of three and more of the same.
static bool scan_bullet(TSLexer *lexer, const bool *valid) {
    int32_t bullet = lexer->lookahead;
    unsigned count = run(lexer, bullet);
    bool list = count == 1 && bullet != '_' && is_space(lexer);
    spaces(lexer);
    lexer->mark_end(lexer);
    bool empty = at_line_end(lexer);
    while (lexer->lookahead == bullet && !lexer->eof(lexer)) {
        count += run(lexer, bullet);
        spaces(lexer);
    }
    if (count >= 3 && at_line_end(lexer)) {
        lexer->mark_end(lexer);
        // Front matter opens the file, when a second line closes it.
        if (valid[FRONT_OPEN] && bullet == '-' && count == 3 && empty) {
            next_line(lexer);
            while (!lexer->eof(lexer)) {
                if (closes(NULL, lexer, true)) return found(lexer, FRONT_OPEN);
                next_line(lexer);
            }
        }
        return found(lexer, THEMATIC_BREAK);
    }
    return list && found(lexer, LIST_MARKER);
}

static bool scan_number(TSLexer *lexer) {
    unsigned digits = 0;
    while (lexer->lookahead >= '0' && lexer->lookahead <= '9') {
        advance(lexer);
        if (++digits > 9) return false;
    }
    if (lexer->lookahead != '.' && lexer->lookahead != ')') return false;
    advance(lexer);
    if (!is_space(lexer)) return false;
    spaces(lexer);
    lexer->mark_end(lexer);
    return found(lexer, LIST_MARKER);
}

static bool scan_heading(TSLexer *lexer) {
    if (run(lexer, '#') > 6 || !(is_space(lexer) || at_line_end(lexer))) return false;
    spaces(lexer);
    lexer->mark_end(lexer);
    return found(lexer, HEADING_MARKER);
}

bool tree_sitter_nlq_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
    Scanner *scanner = payload;
    // Both are valid only while the parser recovers from an error, where nothing is known.
    if (valid[YAML] && valid[CODE]) return false;
    if (valid[END_OF_FILE]) return lexer->eof(lexer) && found(lexer, END_OF_FILE);
    if (valid[YAML] || valid[FRONT_CLOSE]) return scan_body(scanner, lexer, true);
    if (scanner->fence && (valid[CODE] || valid[FENCE_CLOSE])) return scan_body(scanner, lexer, false);
    if (!valid[BLANK_LINE] || lexer->eof(lexer) || lexer->get_column(lexer) != 0) return false;

    bool indented = is_space(lexer);
    spaces(lexer);
    if (lexer->lookahead == '\r') advance(lexer);
    if (lexer->lookahead == '\n' || (lexer->eof(lexer) && indented)) {
        if (!lexer->eof(lexer)) advance(lexer);
        lexer->mark_end(lexer);
        return found(lexer, BLANK_LINE);
    }
    switch (lexer->lookahead) {
    case '#': return scan_heading(lexer);
    case '`':
    case '~': return scan_fence_open(scanner, lexer);
    case '>':
        advance(lexer);
        spaces(lexer);
        lexer->mark_end(lexer);
        return found(lexer, QUOTE_MARKER);
    case '|':
        while (!at_line_end(lexer)) advance(lexer);
        lexer->mark_end(lexer);
        return found(lexer, TABLE_LINE);
    case '<': return scan_comment(lexer);
    case '-':
    case '*':
    case '+':
    case '_': return scan_bullet(lexer, valid);
    default: return lexer->lookahead >= '0' && lexer->lookahead <= '9' && scan_number(lexer);
    }
}
