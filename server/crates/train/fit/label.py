"""Which readings are right: their rows equal those of the known answer."""
import multiprocessing
import os
import pickle
import sqlite3
import time



# Pairs of a task: small, so that a large database does not keep one process busy alone.
CHUNK = 500


def judge():
    """score.py, the only judge; its folder is on the path."""
    import score
    return score


def rows(db, sql, limit=1.0):
    end = time.monotonic() + limit
    db.set_progress_handler(lambda: 1 if time.monotonic() > end else 0, 4000)
    try:
        return db.execute(sql).fetchmany(20_000)
    except (sqlite3.Error, sqlite3.Warning):
        return None
    finally:
        db.set_progress_handler(None, 0)


def work(task):
    folder, db_file, todo = task
    score = judge()
    db = score.connect(os.path.join(folder, db_file))
    golds, out = {}, {}
    for gold, sql in todo:
        if gold not in golds:
            golds[gold] = rows(db, gold, 10.0)
        answer = rows(db, sql)
        right = answer is not None and golds[gold] is not None and bool(score.same(golds[gold], answer, score.ordered(gold)))
        out[(gold, sql)] = right
    return db_file, out


def label(readings, folder, cache_file):
    """Adds `right` to each of the readings' lines; what was labelled before is read from the cache."""
    cache = pickle.load(open(cache_file, "rb")) if os.path.exists(cache_file) else {}
    todo = {}
    for line in readings:
        if not line["gold"]:
            continue
        known = cache.setdefault(line["db_file"], {})
        for sql in line["queries"]:
            if (line["gold"], sql) not in known:
                todo.setdefault(line["db_file"], {})[(line["gold"], sql)] = None
    tasks = []
    for db, pairs in todo.items():
        pairs = list(pairs)
        tasks += [(folder, db, pairs[at : at + CHUNK]) for at in range(0, len(pairs), CHUNK)]
    if tasks:
        with multiprocessing.Pool(2) as pool:
            for db, out in pool.imap_unordered(work, tasks):
                cache[db].update(out)
        pickle.dump(cache, open(cache_file, "wb"))
    for line in readings:
        if not line["gold"]:
            line["right"] = [False] * len(line["queries"])
            continue
        known = cache[line["db_file"]]
        line["right"] = [known[(line["gold"], sql)] for sql in line["queries"]]
    return readings
