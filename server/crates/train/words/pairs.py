#!/usr/bin/env python3
"""Mines `data/pairs.txt` from Spider-Syn: which word people put in the place of a schema's word.

    pairs.py QUESTIONS.jsonl SYNONYMS.jsonl OUT [--without DB,DB,...]

Both files hold `id` (ending in the same number for the same question), `db_id`, `question` and `gold`. The two wordings of
a question are aligned, and what differs is a pair when it is one word for one word or for two, in at least two databases. `--without` leaves databases out, so that weights can be judged on databases that gave no pair.
"""
import argparse
import collections
import difflib
import json
import re

HEADER = """\
# Words that people put in the place of a schema's words, with the number of databases in which they did.
# Source: Spider-Syn, compared with Spider's own questions by nlq-train, words/pairs.py; pairs of words are kept, no text.
# Spider-Syn: MIT License (text in LICENSE-MIT at the top of the repository), Copyright (c) 2021 Yujian Gan, Xinyun Chen,
# Qiuping Huang, Matthew Purver, John R. Woodward, Jinxia Xie, Pengsheng Huang.
# Word<tab>word<tab>databases; a pair says the same in both directions.
"""
LEAST_DATABASES = 2
# They frame names and are exchanged along with them.
SMALL = set("a an the of in on at for by to with from and or is are was were be each all any that which their its".split())
# Alone they ask for something in every question, or are what is left of a longer name.
CUES = set("distinct different number count total name id first last full average sum most".split())
# A plural is brought down to a singular that is met at least this often beside it: `goods` is not `good`.
SINGULAR_SHARE = 0.2


def words(text):
    return re.findall(r"[a-z]+|\d+", text.lower())


def number(identifier):
    return identifier.rsplit("-", 1)[-1]


def singulars(counts):
    """Of every word its singular, where it has one."""
    out = {}
    for word, count in counts.items():
        forms = [word[:-3] + "y"] if word.endswith("ies") else []
        forms += [word[:-2]] if re.search("(s|x|ch|sh)es$", word) else []
        forms += [word[:-1]] if re.search("[^s]s$", word) else []
        met = [form for form in forms if counts[form] >= SINGULAR_SHARE * count]
        out[word] = max(met, key=lambda form: counts[form]) if met else word
    return out


def trimmed(a, b):
    """Two phrases without the words that both begin or end with."""
    a, b = a.split(), b.split()
    while a and b and a[0] == b[0]:
        a, b = a[1:], b[1:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    return " ".join(a), " ".join(b)


def replaced(questions, synonyms, without):
    """The spans that differ, with their database."""
    original = {number(q["id"]): q for q in map(json.loads, open(questions))}
    for other in map(json.loads, open(synonyms)):
        one = original.get(number(other["id"]))
        if one is None or one["db_id"] != other["db_id"] or one["gold"] != other["gold"] or one["db_id"] in without:
            continue
        left, right = words(one["question"]), words(other["question"])
        matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
        for kind, a, b, c, d in matcher.get_opcodes():
            if kind == "replace":
                yield one["db_id"], left[a:b], right[c:d]


def mine(questions, synonyms, without):
    spans = [(db, x, y) for db, x, y in replaced(questions, synonyms, without)]
    counts = collections.Counter(word for _, x, y in spans for word in x + y)
    singular = singulars(counts)
    phrase = lambda span: " ".join(singular[word] for word in span if word not in SMALL)
    seen = collections.defaultdict(set)
    for db, x, y in spans:
        # Of spans of the same length each word stands for the one in its place.
        places = [([a], [b]) for a, b in zip(x, y)] if len(x) == len(y) else [(x, y)]
        for a, b in places:
            a, b = trimmed(phrase(a), phrase(b))
            plain = a and b and a != b and not re.search(r"\d", a + b) and not {a, b} & CUES
            if plain and a.count(" ") + b.count(" ") < 2:
                seen[(min(a, b), max(a, b))].add(db)
    return {pair: len(databases) for pair, databases in seen.items() if len(databases) >= LEAST_DATABASES}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions")
    parser.add_argument("synonyms")
    parser.add_argument("out")
    parser.add_argument("--without", default="", help="databases to leave out, by comma; or @FILE with one a line")
    arguments = parser.parse_args()
    without = arguments.without
    without = set(open(without[1:]).read().split() if without.startswith("@") else filter(None, without.split(",")))
    pairs = mine(arguments.questions, arguments.synonyms, without)
    with open(arguments.out, "w") as file:
        file.write(HEADER)
        for (a, b), count in sorted(pairs.items()):
            file.write(f"{a}\t{b}\t{count}\n")
    print(f"{len(pairs)} pairs")


if __name__ == "__main__":
    main()
