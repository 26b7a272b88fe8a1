#!/bin/sh
# Checks that the generated parser is that of grammar.js, and its trees against test/corpus. Needs the tree-sitter
# command line (0.26 or newer) and node; the same corpus is checked without them by `cargo test -p tree-sitter-spl`.
set -eu
cd "$(dirname "$0")"
if ! command -v tree-sitter >/dev/null; then
    echo "tree-sitter is not installed; the corpus is checked by cargo test alone"
    exit 0
fi
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r . "$copy"
cd "$copy"
tree-sitter generate
cmp src/parser.c "$OLDPWD/src/parser.c"
tree-sitter test
