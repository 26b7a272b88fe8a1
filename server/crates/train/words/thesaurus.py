#!/usr/bin/env python3
"""Compiles WordNet into `data/thesaurus.bin`, which `src/thesaurus.rs` reads.

    thesaurus.py DICT OUT        DICT: WordNet 3.0's folder with data.*, index.*, *.exc and cntlist.rev

Kept are lemmas of one or two plain words that WordNet has seen in running text or that mean the same as such a word, and
the pairs of them that stand close in the net. A pair's strength says how near (same meaning, derived word, kind of) and
how common that meaning is for both words: `car` is seldom a `machine`.

The file: three parts, each behind its length in bytes (little-endian u32).
  1. lemmas, sorted, one a line: a letter for how many characters it shares with the line before (`a` is none), the rest
  2. irregular forms, sorted, `form lemma` a line
  3. for every lemma in order: a u8 n, then n times (u16 lemma, u8 strength in 1/255); each pair stands once, at the lemma
     that sorts first
"""
import collections
import math
import os
import re
import struct
import sys

NOUN, VERB, ADJECTIVE = "noun", "verb", "adj"
LETTER = {NOUN: "n", VERB: "v", ADJECTIVE: "a"}
SENSE_TYPE = {"1": "n", "2": "v", "3": "a", "5": "a"}
PLAIN = re.compile(r"[a-z]{2,16}( [a-z]{2,12})?$")

# How near the words of two synsets are, by the pointer between them.
SAME = 0.95
DERIVED = 0.75
POINTERS = {"@": 0.6, "&": 0.6, "$": 0.6, "^": 0.45, "=": 0.45}
LEXICAL = {"+": DERIVED, "\\": 0.6}
# Two kinds of one thing, as town and city are kinds of municipality.
SISTERS = 0.42
# A thing of which there are more kinds says little about any two of them.
FAMILY = 12
# Nouns so high in the net that being a kind of them says nothing.
HIGHEST_DEPTH = 3
# WordNet's files of nouns for animals, bodies, foods, things in nature, plants, matter: long lists of rare words.
NATURE = {5, 8, 13, 17, 20, 27}
# Weaker pairs mislead more often than they help.
FLOOR = 0.25
# Of every lemma its best pairs; a pair stays when it is among the best of one of its two, unless the other has far better.
KEPT, KEPT_UNSEEN, CROWD = 10, 3, 40


def read_synsets(folder):
    synsets, nature = {}, set()
    for part in LETTER:
        for line in open(f"{folder}/data.{part}", encoding="latin-1"):
            if line.startswith("  "):
                continue
            fields = line.split("|")[0].split()
            count = int(fields[3], 16)
            words = [re.sub(r"\(.*\)", "", fields[4 + 2 * i]).replace("_", " ") for i in range(count)]
            at = 4 + 2 * count
            pointers = []
            for i in range(int(fields[at])):
                symbol, offset, other, places = fields[at + 1 + 4 * i : at + 5 + 4 * i]
                pointers.append((symbol, (other.replace("s", "a"), offset), int(places[:2], 16), int(places[2:], 16)))
            synsets[(LETTER[part], fields[0])] = (words, pointers)
            if part == NOUN and int(fields[1]) in NATURE:
                nature.add((LETTER[part], fields[0]))
    return synsets, nature


def read_senses(folder):
    """Of every lemma its (synset, how often seen, rank)."""
    counts = {}
    for line in open(f"{folder}/cntlist.rev", encoding="latin-1"):
        key, number, count = line.split()
        lemma, rest = key.split("%")
        if rest[0] in SENSE_TYPE:
            counts[(lemma, SENSE_TYPE[rest[0]], int(number))] = int(count)
    senses = collections.defaultdict(list)
    for part, letter in LETTER.items():
        for line in open(f"{folder}/index.{part}", encoding="latin-1"):
            if line.startswith("  "):
                continue
            fields = line.split()
            offsets = fields[-int(fields[2]) :]
            for rank, offset in enumerate(offsets):
                count = counts.get((fields[0], letter, rank + 1), 0)
                senses[fields[0].replace("_", " ")].append(((letter, offset), count, rank))
    return senses


def depths(synsets):
    """Of every noun synset its least distance from the top."""
    kinds = collections.defaultdict(list)
    for key, (_, pointers) in synsets.items():
        for symbol, other, _, _ in pointers:
            if symbol == "@" and key[0] == "n":
                kinds[other].append(key)
    tops = [k for k, (_, pointers) in synsets.items() if k[0] == "n" and not any(p[0] in ("@", "@i") for p in pointers)]
    depth, level, at = {}, tops, 0
    while level:
        for key in level:
            depth.setdefault(key, at)
        level = sorted({kind for key in level for kind in kinds[key] if kind not in depth})
        at += 1
    return depth, kinds


def compile_pairs(folder):
    (synsets, nature), senses = read_synsets(folder), read_senses(folder)
    depth, kinds = depths(synsets)
    # `ZIP` beside `postcode` is a common word; where all begin with a capital they are names.
    common_nouns = [words for words, _ in synsets.values() if any(word == word.lower() for word in words)]
    lower = {word.lower() for words in common_nouns for word in words}

    weight = {}
    for lemma, all_senses in senses.items():
        if not PLAIN.match(lemma) or lemma not in lower:
            continue
        # A little for every sense, more for the first ones: the texts that WordNet counted are few and old.
        mass = [(key, count + 1.5 / (1 + rank)) for key, count, rank in all_senses]
        most = max(m for _, m in mass)
        seen = sum(count for _, count, _ in all_senses)
        weight[lemma] = (seen, {key: (m / most) ** 0.4 for key, m in mass})

    def common(lemma):
        return lemma in weight and weight[lemma][0] > 0

    # Unseen words come in beside a seen one: `surname` beside `family name`. Of two words both must be seen.
    kept = set()
    for key, (words, _) in synsets.items():
        words = [w.lower() for w in words if w.lower() in weight]
        near = any(common(w) and weight[w][1].get(key, 0) >= 0.5 for w in words)
        mates = len(words) > 1
        for word in words:
            parts = word.split(" ")
            plain = len(parts) == 1 and (common(word) or near or mates and key[0] == "n" and key not in nature)
            double = len(parts) == 2 and mates and all(common(p) and weight[p][0] > 4 for p in parts)
            if plain or double:
                kept.add(word)

    pairs = collections.defaultdict(float)

    def pair(a, b, strength, seen=0):
        if a != b and strength >= FLOOR and a in kept and b in kept and common(a) + common(b) >= seen and not (seen and " " in a + b):
            key = (min(a, b), max(a, b))
            pairs[key] = max(pairs[key], strength)

    def of(key, lemma):
        return weight[lemma][1].get(key, 0.0) if lemma in weight else 0.0

    def cross(key, other, near, seen=0):
        for a in map(str.lower, synsets[key][0]):
            for b in map(str.lower, synsets[other][0]):
                pair(a, b, near * math.sqrt(of(key, a) * of(other, b)), seen)

    opposites = set()
    for key, (words, pointers) in synsets.items():
        cross(key, key, SAME)
        for symbol, other, mine, its in pointers:
            if other not in synsets:
                continue
            if symbol == "!":
                opposites.add((words[mine - 1], synsets[other][0][its - 1]))
            elif symbol in LEXICAL and mine and its:
                a, b = words[mine - 1], synsets[other][0][its - 1]
                pair(a, b, LEXICAL[symbol] * math.sqrt(of(key, a) * of(other, b)))
            elif symbol in POINTERS:
                if symbol == "@" and depth.get(other, 9) <= HIGHEST_DEPTH:
                    continue
                family = len(kinds[other]) if symbol == "@" else 0
                cross(key, other, POINTERS[symbol] / (1 + family / 60), 2)
    for key, family in kinds.items():
        if len(family) <= FAMILY and depth.get(key, 9) > HIGHEST_DEPTH:
            for i, a in enumerate(family):
                for b in family[i + 1 :]:
                    cross(a, b, SISTERS, 2)
    for a, b in opposites:
        pairs.pop((min(a, b), max(a, b)), None)
    return {word for word in kept if common(word)}, pairs


def best(seen, pairs):
    ranked = collections.defaultdict(list)
    for (a, b), strength in pairs.items():
        ranked[a].append((-strength, b))
        ranked[b].append((-strength, a))
    near, crowd = {}, {}
    for a, others in ranked.items():
        others = [b for _, b in sorted(others)]
        near[a] = set(others[: KEPT if a in seen else KEPT_UNSEEN])
        crowd[a] = set(others[:CROWD])
    stays = lambda a, b: (b in near[a] and a in crowd[b]) or (a in near[b] and b in crowd[a])
    return {key: strength for key, strength in pairs.items() if stays(*key)}


def irregular(folder, lemmas):
    forms = {}
    for part in LETTER:
        for line in open(f"{folder}/{part}.exc", encoding="latin-1"):
            form, lemma = line.split()[:2]
            if PLAIN.match(form) and lemma in lemmas and form != lemma and form not in lemmas:
                forms.setdefault(form, lemma)
    return forms


def main():
    folder, out = sys.argv[1:3]
    pairs = best(*compile_pairs(folder))
    lemmas = sorted({word for key in pairs for word in key})
    place = {lemma: at for at, lemma in enumerate(lemmas)}
    assert len(lemmas) < 65536
    forms = irregular(folder, place)
    own = collections.defaultdict(list)
    for (a, b), strength in pairs.items():
        own[a].append((place[b], max(1, round(strength * 255))))
    edges = bytearray()
    for lemma in lemmas:
        assert len(own[lemma]) < 256
        edges.append(len(own[lemma]))
        for other, strength in sorted(own[lemma]):
            edges += struct.pack("<HB", other, strength)
    with open(out, "wb") as file:
        shared = [len(os.path.commonprefix(pair)) for pair in zip([""] + lemmas, lemmas)]
        lines = [f"{chr(ord('a') + n)}{lemma[n:]}\n" for n, lemma in zip(shared, lemmas)]
        texts = ["".join(lines), "".join(f"{f} {l}\n" for f, l in sorted(forms.items()))]
        for part in [t.encode("ascii") for t in texts] + [bytes(edges)]:
            file.write(struct.pack("<I", len(part)) + part)
    print(f"{len(lemmas)} lemmas ({sum(' ' in l for l in lemmas)} of two words), {len(forms)} irregular forms, {len(pairs)} pairs")


if __name__ == "__main__":
    main()
