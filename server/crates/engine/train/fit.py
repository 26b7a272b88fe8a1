#!/usr/bin/env python3
"""Fits the ranker and the confidence of the engine. Standard library only.

usage: fit.py label CANDIDATES.jsonl DATABASES OUT.jsonl     run every candidate and its gold, mark the right ones
       fit.py fit LABELLED.jsonl SRC_FOLDER [--all]          write rank.in and confidence.in
       fit.py show LABELLED.jsonl SRC_FOLDER                 figures of the present weights

CANDIDATES comes of `nlq eval --candidates` (or the example `candidates`). Databases are split in two halves by a hash of
their name: weights are fitted on one half and reported on the other; --all fits on both once the design is settled.
Ranker: softmax over the candidates of a question, the right ones share the mass. Confidence: logistic regression on the
winner, with ranks and margins of the first half's held-out folds, so that it is not fitted on what the ranker has seen.
"""
import collections, hashlib, itertools, json, math, multiprocessing, os, random, re, sqlite3, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))


def cell(v):
    if isinstance(v, (int, float)):
        return float(f"{float(v):.6g}")
    return v


def run(db, sql):
    end = time.monotonic() + 2.0
    db.set_progress_handler(lambda: 1 if time.monotonic() > end else 0, 10000)
    try:
        return db.execute(sql).fetchmany(20000)
    finally:
        db.set_progress_handler(None, 0)


def same(gold, pred, ordered):
    """Equal rows under some order of columns, as the score that counts defines it."""
    if len(gold) != len(pred) or (gold and len(gold[0]) != len(pred[0])):
        return False
    if not gold:
        return True
    key = lambda row: tuple((v is not None, str(type(v)), str(v)) for v in row)
    gold, pred = [tuple(map(cell, r)) for r in gold], [tuple(map(cell, r)) for r in pred]
    match = lambda rows: rows == gold if ordered else collections.Counter(map(key, rows)) == collections.Counter(map(key, gold))
    if match(pred):
        return True
    width = len(gold[0])
    if width > 5:
        return False
    columns = [collections.Counter(key(c)) for c in zip(*gold)]
    found = [collections.Counter(key(c)) for c in zip(*pred)]
    choices = [[j for j in range(width) if found[j] == columns[i]] for i in range(width)]
    if any(not c for c in choices):
        return False
    return any(len(set(o)) == width and match([tuple(r[j] for j in o) for r in pred]) for o in itertools.product(*choices))


def label_database(task):
    path, lines = task
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    db.text_factory = lambda raw: raw.decode("utf-8", "replace")
    out, cache = [], {}
    for line in lines:
        q = json.loads(line)
        try:
            gold = run(db, q["gold"])
        except sqlite3.Error:
            continue
        flat = re.sub(r"\([^()]*\)", "", re.sub(r"\([^()]*\)", "", q["gold"]))
        ordered = re.search(r"\border\s+by\b", flat, re.I) is not None
        labels = []
        for sql, features in q["candidates"]:
            if sql not in cache:
                try:
                    cache[sql] = run(db, sql)
                except sqlite3.Error as e:
                    cache[sql] = str(e)
            rows = cache[sql]
            labels.append(-1 if isinstance(rows, str) else int(same(gold, rows, ordered)))
        out.append({**q, "labels": labels})
    return out


def label(candidates, databases, target):
    groups = collections.defaultdict(list)
    for line in open(candidates, encoding="utf-8"):
        groups[json.loads(line)["db_file"]].append(line)
    tasks = [(os.path.join(databases, f), lines) for f, lines in sorted(groups.items())]
    with multiprocessing.Pool() as pool, open(target, "w", encoding="utf-8") as out:
        for part in pool.imap(label_database, tasks):
            for q in part:
                out.write(json.dumps(q) + "\n")


def half(q):
    return hashlib.sha256(q["db_id"].encode()).digest()[0] % 2


def dot(w, x):
    return sum(w[i] * v for i, v in x)


def train_ranker(data, n, epochs=7, rate=0.06, decay=1e-4, start=None, seed=1):
    """Softmax over candidates by Adagrad; returns the mean of the last epochs' weights."""
    w, g = list(start or [0.0] * n), [1e-3] * n
    total, count = [0.0] * n, 0
    data = [d for d in data if any(d["t"]) and not all(d["t"])]
    rng = random.Random(seed)
    for epoch in range(epochs):
        rng.shuffle(data)
        for d in data:
            s = [dot(w, x) for x in d["x"]]
            top = max(s)
            e = [math.exp(v - top) for v in s]
            z = sum(e)
            zr = sum(v for v, y in zip(e, d["t"]) if y)
            grad = collections.defaultdict(float)
            for v, y, x in zip(e, d["t"], d["x"]):
                c = v / z - (v / zr if y else 0.0)
                if abs(c) > 1e-4:
                    for i, f in x:
                        grad[i] += c * f
            for i, v in grad.items():
                v += decay * w[i]
                g[i] += v * v
                w[i] -= rate * v / math.sqrt(g[i])
        if epoch >= epochs - 3:
            count += 1
            for i in range(n):
                total[i] += w[i]
    return [t / count for t in total]


def winner(w, d):
    if not d["x"]:
        return None
    s = [dot(w, x) for x in d["x"]]
    order = sorted(range(len(s)), key=lambda i: -s[i])
    return order, s


def confidence_input(w, d, names):
    """Features of the winner, its share of the mass, and the margin to the next readings. Mirrors `confidence.rs`."""
    order, s = winner(w, d)
    best = order[0]
    top = s[best]
    z = sum(math.exp(v - top) for v in s)
    second = s[order[1]] if len(order) > 1 else top - 3.0
    margin = min(top - second, 3.0)
    x = dict(d["x"][best])
    n = len(names)
    extra = [1.0, 1.0 / z, margin, math.log(len(s)) / 4.0, max(min(top - d.get("shift", 0.0), 30.0), -30.0) / 10.0]
    return [(i, v) for i, v in x.items()] + [(n + i, v) for i, v in enumerate(extra)]


def train_logistic(rows, n, epochs=40, rate=0.05, decay=2e-3, seed=2):
    w, g = [0.0] * n, [1e-3] * n
    rng = random.Random(seed)
    rows = list(rows)
    for _ in range(epochs):
        rng.shuffle(rows)
        for x, y in rows:
            p = 1 / (1 + math.exp(-max(-30, min(30, dot(w, x)))))
            for i, v in x:
                d = (p - y) * v + decay * w[i]
                g[i] += d * d
                w[i] -= rate * d / math.sqrt(g[i])
    return w


def report(name, rows, threshold=0.85):
    rows = sorted(rows, key=lambda r: -r[0])
    n = len(rows)
    right = sum(r[1] for r in rows)
    sure = [r for r in rows if r[0] >= threshold]
    seen = good = best = 0
    for i, r in enumerate(rows):
        seen, good = seen + 1, good + r[1]
        if good / seen >= 0.95:
            best = seen
    ece = 0.0
    for b in range(10):
        part = [r for r in rows if min(9, int(r[0] * 10)) == b]
        if part:
            ece += abs(sum(r[1] for r in part) - sum(r[0] for r in part)) / n
    print(f"{name}: n {n} ex {right / n:.4f} oracle {sum(r[2] for r in rows) / n:.4f} precision_at_t {sum(r[1] for r in sure) / max(1, len(sure)):.4f}"
          f" coverage_at_t {len(sure) / n:.4f} coverage_at_95 {best / n:.4f} ece {ece:.4f}")


def load(path, names):
    data, flip = [], names.index("choice_distinct")
    for line in open(path, encoding="utf-8"):
        q = json.loads(line)
        q["x"] = [[(i, v) for i, v in enumerate(f) if v] for _, f in q["candidates"]]
        q["y"] = [int(v == 1) for v in q["labels"]]
        # Where a plain reading is right too, DISTINCT is not what should be learned.
        plain = [y if not f[flip] else 0 for y, (_, f) in zip(q["y"], q["candidates"])]
        q["t"] = plain if any(plain) else q["y"]
        data.append(q)
    return data


def names_of(src):
    text = open(os.path.join(src, "weights.rs"), encoding="utf-8").read()
    body = text[text.index("= [") : text.index("];")]
    return re.findall(r'"([^"]*)"', body)


def write(src, name, weights):
    with open(os.path.join(src, name), "w", encoding="utf-8") as out:
        out.write("[\n" + "".join(f"    {v:.4f},\n" for v in weights) + "]\n")


def predict(wr, wc, data, names):
    out = []
    for d in data:
        if not d["x"]:
            out.append((0.0, 0, 0))
            continue
        order, _ = winner(wr, d)
        p = 1 / (1 + math.exp(-max(-30, min(30, dot(wc, confidence_input(wr, d, names))))))
        out.append((p, d["y"][order[0]], int(any(d["y"]))))
    return out


def fit_both(data, names, folds=4):
    n = len(names)
    dbs = sorted({d["db_id"] for d in data})
    random.Random(5).shuffle(dbs)
    rows = []
    for k in range(folds):
        held = set(dbs[k::folds])
        w = train_ranker([d for d in data if d["db_id"] not in held], n)
        rows += [(confidence_input(w, d, names), d["y"][winner(w, d)[0][0]]) for d in data if d["db_id"] in held and d["x"]]
    return train_ranker(data, n), train_logistic(rows, n + 5)


def main():
    command = sys.argv[1]
    if command == "label":
        return label(*sys.argv[2:5])
    src = sys.argv[3]
    names = names_of(src)
    data = load(sys.argv[2], names)
    a, b = [d for d in data if half(d) == 0], [d for d in data if half(d) == 1]
    wr, wc = fit_both(a, names)
    report("tuned half ", predict(wr, wc, a, names))
    report("held-out half", predict(wr, wc, b, names))
    for name, w in sorted(zip(names, wr), key=lambda p: -abs(p[1]))[:12]:
        print(f"  {name} {w:.2f}")
    if "--all" in sys.argv:
        wr, wc = fit_both(data, names)
    if command == "fit":
        write(src, "rank.in", wr)
        write(src, "confidence.in", wc)


if __name__ == "__main__":
    main()
