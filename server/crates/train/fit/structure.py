"""The model of shapes: log-linear over phrases of the question and elements of the shape, both as vectors of a small rank."""
import json, struct

import numpy as np
from scipy import sparse

RANK = 64
EPOCHS = 7
BATCH = 128
RATE = 0.002
DROP = 0.5
DECAY = 2e-5
SEEN = 4


def matrix(lessons, place):
    rows, columns = [], []
    for at, lesson in enumerate(lessons):
        known = [place[p] for p in lesson["phrases"] if p in place]
        rows += [at] * len(known)
        columns += known
    ones = np.ones(len(rows), np.float32)
    return sparse.csr_matrix((ones, (rows, columns)), shape=(len(lessons), len(place)))


def fit(lessons, seed=0, epochs=EPOCHS):
    """Lessons (phrases, sketch, elements) to a model."""
    lessons = [lesson for lesson in lessons if lesson["sketch"]]
    seen, shapes, elements = {}, {}, {}
    of_shape = {}
    for lesson in lessons:
        for phrase in set(lesson["phrases"]):
            seen.setdefault(phrase, set()).add(lesson["db_id"])
        shapes[lesson["sketch"]] = shapes.get(lesson["sketch"], 0) + 1
        of_shape[lesson["sketch"]] = lesson["elements"]
    sketches = sorted((s for s, n in shapes.items() if n >= 2), key=lambda s: (-shapes[s], s))
    for sketch in sketches:
        for element in of_shape[sketch]:
            elements[element] = elements.get(element, 0) + 1
    names = sorted(elements)
    at_element = {name: at for at, name in enumerate(names)}
    phrases = sorted(p for p, n in seen.items() if len(n) >= SEEN)
    place = {p: at for at, p in enumerate(phrases)}
    lessons = [lesson for lesson in lessons if shapes[lesson["sketch"]] >= 2]
    X = matrix(lessons, place)
    number = {s: at for at, s in enumerate(sketches)}
    y = np.array([number[lesson["sketch"]] for lesson in lessons])
    rows = [at for at, s in enumerate(sketches) for _ in of_shape[s]]
    columns = [at_element[e] for s in sketches for e in of_shape[s]]
    E = sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(len(sketches), len(names)))

    rng = np.random.default_rng(seed)
    U = (rng.standard_normal((len(phrases), RANK)) * 0.05).astype(np.float32)
    V = (rng.standard_normal((len(names), RANK + 1)) * 0.05).astype(np.float32)
    V[:, RANK] = 0
    state = {"u": (np.zeros_like(U), np.zeros_like(U)), "v": (np.zeros_like(V), np.zeros_like(V))}
    step = 0

    def adam(key, P, G, rate):
        m, v = state[key]
        m *= 0.9
        m += 0.1 * G
        v *= 0.999
        v += 0.001 * G * G
        P -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)

    for epoch in range(epochs):
        order = rng.permutation(len(lessons))
        rate = RATE * (1 - epoch / epochs) + 1e-4
        for start in range(0, len(order), BATCH):
            step += 1
            batch = order[start : start + BATCH]
            Xb = X[batch].copy()
            Xb.data = Xb.data * (rng.random(len(Xb.data)) > DROP) / (1 - DROP)
            Q = Xb @ U
            S = E @ V
            L = Q @ S[:, :RANK].T + S[:, RANK]
            L -= L.max(1, keepdims=True)
            P = np.exp(L)
            P /= P.sum(1, keepdims=True)
            P[np.arange(len(batch)), y[batch]] -= 1
            P /= len(batch)
            GS = np.empty_like(S)
            GS[:, :RANK] = P.T @ Q
            GS[:, RANK] = P.sum(0)
            adam("v", V, E.T @ GS + DECAY * V, rate)
            adam("u", U, Xb.T @ (P @ S[:, :RANK]) + DECAY * U, rate)
    return {"phrases": phrases, "U": U, "names": names, "V": V, "sketches": sketches, "E": E}


def top(model, lessons, keep=12):
    """The likeliest shapes of each lesson, as numbers."""
    place = {p: at for at, p in enumerate(model["phrases"])}
    Q = matrix(lessons, place) @ model["U"]
    S = model["E"] @ model["V"]
    L = Q @ S[:, :RANK].T + S[:, RANK]
    return np.argsort(-L, 1)[:, :keep]


def report(model, lessons):
    lessons = [lesson for lesson in lessons if lesson["sketch"]]
    number = {s: at for at, s in enumerate(model["sketches"])}
    best = top(model, lessons)
    at = [list(b).index(number[l["sketch"]]) if number.get(l["sketch"], -1) in b else 99 for b, l in zip(best, lessons)]
    return {f"top{k}": round(float(np.mean([a < k for a in at])), 4) for k in (1, 3, 8, 12)}


def save(model, path):
    U = model["U"]
    scale = float(np.abs(U).max() / 127)
    head = {
        "rank": RANK, "scale": scale, "phrases": len(model["phrases"]), "elements": model["names"],
        "sketches": [json.loads(s) for s in model["sketches"]],
    }
    with open(path, "wb") as out:
        out.write(json.dumps(head, separators=(",", ":")).encode() + b"\n")
        out.write(struct.pack(f"<{len(model['phrases'])}I", *model["phrases"]))
        out.write(np.clip(np.round(U / scale), -127, 127).astype(np.int8).tobytes())
        out.write(model["V"].astype("<f4").tobytes())
