#!/usr/bin/env python3
"""Fits the engine's weights on questions with known answers. See README.md.

usage: fit.py --data DIR --train NLQ_TRAIN --work DIR --out DIR [--folds 5] [--final]

DIR of --data holds spider/questions.jsonl, spider/synonyms.jsonl and the databases; score.py stands beside it.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import time

import numpy as np

import label
import made
import structure
import trees

START = time.time()


def say(*words):
    print(f"{time.time() - START:6.0f}s", *words, flush=True)


def folds_of(names, folds):
    names = sorted(names)
    random.Random(1).shuffle(names)
    return {name: at % folds for at, name in enumerate(names)}


def swap(path, asked, fold, share=2):
    """Every second question, asked of another database of its fold: nothing there answers it."""
    lines = [json.loads(line) for line in open(asked)]
    files = {line["db_id"]: line["db_file"] for line in lines}
    rng = random.Random(3)
    with open(path, "w") as out:
        for line in lines[::share]:
            others = sorted(db for db in files if fold[db] == fold[line["db_id"]] and db != line["db_id"])
            db = rng.choice(others)
            out.write(json.dumps({**line, "id": "swap-" + line["id"], "db_id": db, "db_file": files[db], "gold": ""}) + "\n")


def kind(line):
    """plain, synonyms, made or swapped."""
    id = line["id"]
    return "made" if id.startswith("made-") else "swapped" if id.startswith("swap-") else "synonyms" if id.startswith("spider-syn") else "plain"


class Lessons:
    def __init__(self, folder, width):
        self.lines = [json.loads(line) for line in open(f"{folder}/lessons.jsonl")]
        self.rows = np.fromfile(f"{folder}/slots.f32", "<f4").reshape(-1, width)
        self.marks = np.fromfile(f"{folder}/slots.u32", "<u4").reshape(-1, 3)
        self.db = np.array([line["db_id"] for line in self.lines])

    def fit(self, databases, out):
        """Shapes and columns from the questions of these databases."""
        os.makedirs(out, exist_ok=True)
        structure.save(structure.fit([l for l in self.lines if l["db_id"] in databases]), f"{out}/structure.bin")
        kept = np.isin(self.db, list(databases))[self.marks[:, 0]]
        trees.write(trees.slots(self.rows[kept], self.marks[kept, 2]), f"{out}/slots.bin")


class Readings:
    def __init__(self, folder):
        with open(f"{folder}/readings.jsonl") as file:
            self.names = json.loads(next(file))
            self.lines = [json.loads(line) for line in file]
        self.rows = np.fromfile(f"{folder}/readings.f32", "<f4").reshape(-1, len(self.names))
        at = 0
        for line in self.lines:
            line["rows"] = (at, at + len(line["queries"]))
            at = line["rows"][1]


def matrix(readings, lines):
    index = np.concatenate([np.arange(*line["rows"]) for line in lines])
    return readings.rows[index], np.concatenate([np.array(line["right"], np.int8) for line in lines])


def fit_ranker(readings, lines):
    """Of questions with a right and a wrong reading."""
    lines = [line for line in lines if any(line["right"]) and not all(line["right"])]
    X, y = matrix(readings, lines)
    groups = [len(line["right"]) for line in lines]
    return trees.ranker(X, y, groups)


def temperature(scored):
    """What scores are multiplied by, so that their softmax is a probability."""
    best = (1e9, 1.0)
    for t in np.geomspace(0.2, 8, 40):
        loss = 0.0
        for scores, right in scored:
            s = t * (scores - scores.max())
            p = np.exp(s)
            loss -= np.log(p[right].sum() / p.sum() + 1e-9)
        best = min(best, (loss, t))
    return float(best[1])


def lead(scores):
    """As src/confidence.rs: `scores` fall."""
    top = scores[0]
    mass = np.exp(scores - top).sum()
    second = scores[1] if len(scores) > 1 else top - 3.0
    agree = np.exp(scores[1:6] - top).sum()
    return [1 / mass, min(top - second, 3.0), np.log(len(scores)) / 4, top, agree, second]


def winners(readings, lines, rank, scale):
    """The best reading of each line: its features with its lead, and whether it is right."""
    rows, right, kept = [], [], []
    for line in lines:
        if not line["queries"]:
            continue
        X = readings.rows[line["rows"][0] : line["rows"][1]]
        scores = (rank.predict(X) * scale).astype(np.float32)
        order = np.argsort(-scores, kind="stable")
        rows.append(np.concatenate([X[order[0]], lead(scores[order])]))
        right.append(bool(line["right"][order[0]]))
        kept.append(line)
    return np.array(rows, np.float32), np.array(right), kept


def isotonic(odds, right):
    """Points of a rising curve from log odds to shares. An isotonic curve has steps, on which the more and the less sure
    become one; a logistic one beside it keeps them apart."""
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import LogisticRegression

    curve = IsotonicRegression(y_min=0.01, y_max=0.985, out_of_bounds="clip").fit(odds, right)
    logistic = LogisticRegression().fit(odds[:, None], right)
    points = []
    for x in np.unique(np.round(np.quantile(odds, np.linspace(0, 1, 41)), 4)):
        # Smoothed over the 80 nearest questions.
        near = np.abs(odds - x) <= np.sort(np.abs(odds - x))[min(len(odds) - 1, 80)]
        points.append((float(x), 0.6 * curve.predict(odds[near]).mean() + 0.4 * logistic.predict_proba([[x]])[0, 1]))
    ys = np.maximum.accumulate([y for _, y in points])
    return [[round(x, 4), round(float(y), 4)] for (x, _), y in zip(points, ys)]


def fit_sure(parts, chosen):
    """The confidence from the winners of some folds; questions that nothing answers count less than those that something does."""
    X = np.concatenate([parts[k][0] for k in chosen])
    y = np.concatenate([parts[k][1] for k in chosen])
    weight = np.array([{"swapped": 0.5, "made": 0.5}.get(kind(line), 1.0) for k in chosen for line in parts[k][2]])
    return trees.sure(X, y, weight)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--final", action="store_true", help="also fit on everything and write the weights to --out")
    parser.add_argument("--reuse", action="store_true", help="take shapes, columns and readings of the last run")
    args = parser.parse_args()
    sys.path.insert(0, os.path.dirname(os.path.abspath(args.data)))
    questions = [f"{args.data}/spider/questions.jsonl", f"{args.data}/spider/synonyms.jsonl"]
    work = args.work
    os.makedirs(work, exist_ok=True)
    made.write(f"{work}/made.jsonl", questions[0], args.data)
    questions.append(f"{work}/made.jsonl")

    if not args.reuse:
        run = subprocess.run([args.train, "lessons", *questions, "--databases", args.data, "--out", f"{work}/lessons"],
                             check=True, capture_output=True, text=True)
        width = int(run.stdout.split(";")[1].split()[0])
        lessons = Lessons(f"{work}/lessons", width)
        fold = folds_of(set(lessons.db), args.folds)
        for k in range(args.folds):
            lessons.fit({db for db in fold if fold[db] != k}, f"{work}/fold{k}")
            say("shapes and columns without fold", k)
        if args.final:
            lessons.fit(set(fold), args.out)
            say("shapes and columns of everything")
        json.dump({db: f"{work}/fold{k}" for db, k in fold.items()}, open(f"{work}/folds.json", "w"))
        for k in range(args.folds):
            for name in ("rank.bin", "confidence.bin", "calibration.json"):
                if os.path.exists(f"{work}/fold{k}/{name}"):
                    os.remove(f"{work}/fold{k}/{name}")
        swap(f"{work}/swapped.jsonl", questions[0], fold)
        subprocess.run([args.train, "readings", *questions, f"{work}/swapped.jsonl", "--databases", args.data, "--folds", f"{work}/folds.json",
                        "--out", f"{work}/readings"], check=True)
        say("readings")
    readings = Readings(f"{work}/readings")
    fold = {db: int(path[-1]) for db, path in json.load(open(f"{work}/folds.json")).items()}
    lines = label.label(readings.lines, args.data, f"{work}/labels.pickle")
    for name in ("plain", "synonyms", "made"):
        own = [any(l["right"]) for l in lines if kind(l) == name]
        say(name, "with a right reading:", round(np.mean(own), 4), "of", len(own))

    rankers, held = {}, {}
    for k in range(args.folds):
        rankers[k] = fit_ranker(readings, [l for l in lines if fold[l["db_id"]] != k])
        own = [l for l in lines if fold[l["db_id"]] == k and l["queries"] and kind(l) != "swapped"]
        held[k] = [(rankers[k].predict(readings.rows[l["rows"][0] : l["rows"][1]]), np.array(l["right"])) for l in own]
        best = np.array([bool(right[np.argmax(scores)]) for scores, right in held[k]])
        kinds = np.array([kind(l) for l in own])
        say("fold", k, *(f"{name} {best[kinds == name].mean():.4f}" for name in ("plain", "synonyms", "made")))
    scale = temperature([pair for k in held for pair in held[k] if pair[1].any()])
    say("temperature", round(scale, 3))

    # The confidence sees winners of rankers that have not seen their databases.
    parts = {k: winners(readings, [l for l in lines if fold[l["db_id"]] == k], rankers[k], scale) for k in rankers}
    kinds = {k: np.array([kind(l) for l in parts[k][2]]) for k in parts}
    odds = {k: fit_sure(parts, [j for j in parts if j != k]).predict(parts[k][0], raw_score=True) for k in parts}

    def calibration(chosen):
        keep = {k: np.isin(kinds[k], ["plain", "synonyms"]) for k in chosen}
        return isotonic(np.concatenate([odds[k][keep[k]] for k in chosen]),
                        np.concatenate([parts[k][1][keep[k]] for k in chosen]))

    curves = {k: calibration([j for j in parts if j != k]) for k in parts}
    sure = {k: np.interp(odds[k], *np.array(curves[k]).T) for k in parts}
    # Sure answers are taken as they are, so that a wrong one costs more there than a right one brings.
    answerable = {k: kinds[k] == "plain" for k in parts}
    one = lambda values: np.concatenate([values[k][answerable[k]] for k in parts])
    caution = next(c for c in np.arange(0, 0.15, 0.005)
                   if (lambda chosen: chosen.mean() >= 0.955)(one({k: parts[k][1] for k in parts})[careful(one(sure), c) >= 0.85]))
    say("caution", round(float(caution), 3))
    curves = {k: [[x, round(float(careful(np.array([y]), caution)[0]), 4)] for x, y in curves[k]] for k in curves}
    sure = {k: np.interp(odds[k], *np.array(curves[k]).T) for k in parts}
    for name in ("plain", "synonyms", "made", "swapped"):
        of = lambda values: np.concatenate([values[k][kinds[k] == name] for k in parts])
        figures(of(sure), of({k: parts[k][1] for k in parts}), name)
    for k in rankers:
        trees.write(rankers[k], f"{work}/fold{k}/rank.bin", scale)
        trees.write(fit_sure(parts, [j for j in parts if j != k]), f"{work}/fold{k}/confidence.bin")
        json.dump(curves[k], open(f"{work}/fold{k}/calibration.json", "w"))
    if args.final:
        trees.write(fit_ranker(readings, lines), f"{args.out}/rank.bin", scale)
        trees.write(fit_sure(parts, list(parts)), f"{args.out}/confidence.bin")
        curve = [[x, round(float(careful(np.array([y]), caution)[0]), 4)] for x, y in calibration(list(parts))]
        json.dump(curve, open(f"{args.out}/calibration.json", "w"))
        say("weights written")


def careful(sure, caution):
    """In full where answers are shown as sure, nothing where the engine asks back anyway."""
    return sure - caution * np.interp(sure, [0.65, 0.92, 1.0], [0.0, 1.0, 0.2])


def figures(sure, right, name):
    at = {t: round(float((sure >= t).mean()), 4) for t in (0.5, 0.85)}
    if not right.any():
        say(name, len(right), "answered at confidence:", at)
        return
    order = np.argsort(-sure, kind="stable")
    y = right[order]
    share = np.cumsum(y) / np.arange(1, len(y) + 1)
    cover = {t: round(float(max([i + 1 for i in range(len(y)) if share[i] >= t], default=0) / len(y)), 3) for t in (0.98, 0.95, 0.9)}
    bins = np.minimum((sure * 10).astype(int), 9)
    ece = sum(abs(sure[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in range(10) if (bins == b).any())
    say(name, len(right), "right", round(right.mean(), 4), "coverage at precision", cover, "at confidence", at,
        "precision at 0.85", round(float(right[sure >= 0.85].mean()), 4), "ECE", round(float(ece), 4))


if __name__ == "__main__":
    main()
