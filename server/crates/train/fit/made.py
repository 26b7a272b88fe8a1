"""Short questions as analysts type them, made from the schemas themselves: `orders per customer`, `top 5 products by price`.

Spider's questions are whole sentences; these teach the models that a few words ask the same. Every question comes with its
answer as SQL, so that it is labelled like any other."""
import json
import os
import random
import re
import sqlite3

PER_DATABASE = 40


def words(name):
    name = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return re.sub(r"[^A-Za-z0-9]+", " ", name).strip().lower()


def plural(name):
    head, _, last = name.rpartition(" ")
    if last.endswith("y") and last[-2:-1] not in "aeiou":
        last = last[:-1] + "ies"
    elif last.endswith(("s", "x", "ch", "sh")):
        last = last if last.endswith("s") else last + "es"
    else:
        last += "s"
    return f"{head} {last}".strip()


def singular(name):
    if name.endswith("ies"):
        return name[:-3] + "y"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def literal(value):
    return str(value) if isinstance(value, (int, float)) else "'" + value.replace("'", "''") + "'"


class Table:
    def __init__(self, db, name):
        self.name, self.sql = name, quoted(name)
        self.one, self.many = singular(words(name)), plural(singular(words(name)))
        self.key, self.display, self.numbers, self.labels, self.days, self.others = None, None, [], [], [], []
        columns = db.execute(f"pragma table_info({self.sql})").fetchall()
        references = {row[3].lower(): (row[2], row[4]) for row in db.execute(f"pragma foreign_key_list({self.sql})")}
        keys = [c[1] for c in columns if c[5]]
        self.key = keys[0] if len(keys) == 1 else None
        self.references = [(c[1], *references[c[1].lower()]) for c in columns if c[1].lower() in references]
        for _, column, kind, _, _, key in columns:
            spoken, kind = words(column), (kind or "").lower()
            if key or column.lower() in references or spoken.split()[-1:] in (["id"], ["code"]) or not spoken:
                continue
            found = db.execute(f"select distinct {quoted(column)} from {self.sql} where {quoted(column)} is not null limit 200").fetchall()
            values = [row[0] for row in found]
            if len(values) < 2:
                continue
            if all(isinstance(v, (int, float)) for v in values):
                self.numbers.append((column, spoken, values))
            elif all(isinstance(v, str) for v in values):
                if all(re.match(r"\d{4}-\d\d-\d\d", v) for v in values):
                    self.days.append((column, spoken, values))
                    continue
                named = spoken.split()[-1] in ("name", "title") and "first" not in spoken or spoken == self.one
                if self.display is None and named:
                    self.display = column
                elif len(values) < 60 and all(2 < len(v) < 30 and not v.isdigit() for v in values):
                    self.labels.append((column, spoken, values))
                self.others.append((column, spoken))

    def shown(self, alias=""):
        return f"{alias}{quoted(self.display)}" if self.display else f"{alias}*"


def of_table(table, rng):
    """Questions of one table."""
    t, many, one = table, table.many, table.one
    pick = rng.choice
    yield pick([f"{many}", f"all {many}", f"list {many}", f"show all {many}"]), f"SELECT {t.shown()} FROM {t.sql}"
    yield pick([f"number of {many}", f"how many {many}", f"count of {many}", f"{one} count"]), f"SELECT count(*) FROM {t.sql}"
    for column, spoken in rng.sample(t.others, min(2, len(t.others))):
        yield pick([f"{spoken} of {many}", f"{plural(spoken)} of all {many}", f"{one} {spoken}"]), f"SELECT {quoted(column)} FROM {t.sql}"
    if len(t.others) > 1:
        (a, x), (b, y) = rng.sample(t.others, 2)
        yield pick([f"{x} and {y} of {many}", f"{many} with their {x} and {y}"]) if not t.display else f"{x} and {y} of {many}", \
            f"SELECT {quoted(a)}, {quoted(b)} FROM {t.sql}"
    for column, spoken, values in rng.sample(t.labels, min(2, len(t.labels))):
        value, other = rng.sample(values, 2)
        c = quoted(column)
        yield pick([f"{many} with {spoken} {value}", f"{many} whose {spoken} is {value}", f"{value} {many}"]), \
            f"SELECT {t.shown()} FROM {t.sql} WHERE {c} = {literal(value)}"
        yield pick([f"number of {many} with {spoken} {value}", f"how many {value} {many}", f"count {many} where {spoken} is {value}"]), \
            f"SELECT count(*) FROM {t.sql} WHERE {c} = {literal(value)}"
        yield pick([f"{many} that are not {value}", f"{many} whose {spoken} is not {value}"]), \
            f"SELECT {t.shown()} FROM {t.sql} WHERE {c} <> {literal(value)}"
        yield pick([f"{many} with {spoken} {value} or {other}", f"{value} or {other} {many}"]), \
            f"SELECT {t.shown()} FROM {t.sql} WHERE {c} = {literal(value)} OR {c} = {literal(other)}"
        yield pick([f"{many} per {spoken}", f"number of {many} per {spoken}", f"{one} count by {spoken}", f"number of {many} for each {spoken}"]), \
            f"SELECT {c}, count(*) FROM {t.sql} GROUP BY {c}"
        yield pick([f"number of {many} per {spoken}, highest first", f"{many} per {spoken}, most first"]), \
            f"SELECT {c}, count(*) AS n FROM {t.sql} GROUP BY {c} ORDER BY n DESC"
        yield pick([f"number of {many} per {spoken}, lowest first"]), f"SELECT {c}, count(*) AS n FROM {t.sql} GROUP BY {c} ORDER BY n"
        yield pick([f"most common {spoken}", f"most common {spoken} of {many}", f"{spoken} with the most {many}"]), \
            f"SELECT {c} FROM {t.sql} GROUP BY {c} ORDER BY count(*) DESC LIMIT 1"
        yield pick([f"different {plural(spoken)} of {many}", f"distinct {plural(spoken)}", f"unique {plural(spoken)} of {many}"]), f"SELECT DISTINCT {c} FROM {t.sql}"
        yield pick([f"how many different {plural(spoken)}", f"number of distinct {plural(spoken)} of {many}"]), f"SELECT count(DISTINCT {c}) FROM {t.sql}"
    for column, spoken, values in rng.sample(t.numbers, min(2, len(t.numbers))):
        c, n = quoted(column), rng.randint(2, 10)
        bound = sorted(values)[len(values) // 2]
        low, high = sorted(values)[len(values) // 4], sorted(values)[3 * len(values) // 4]
        yield pick([f"average {spoken} of {many}", f"average {one} {spoken}", f"mean {spoken} of {many}"]), f"SELECT avg({c}) FROM {t.sql}"
        yield pick([f"total {spoken} of {many}", f"sum of {spoken}", f"total {spoken}"]), f"SELECT sum({c}) FROM {t.sql}"
        yield pick([f"highest {spoken}", f"maximum {spoken} of {many}", f"max {spoken}"]), f"SELECT max({c}) FROM {t.sql}"
        yield pick([f"lowest and highest {spoken} of {many}", f"min and max {spoken}"]), f"SELECT min({c}), max({c}) FROM {t.sql}"
        yield pick([f"top {n} {many} by {spoken}", f"{n} {many} with the highest {spoken}", f"the {n} {many} with most {spoken}"]), \
            f"SELECT {t.shown()} FROM {t.sql} ORDER BY {c} DESC LIMIT {n}"
        yield pick([f"{one} with the highest {spoken}", f"which {one} has the highest {spoken}", f"{one} with the largest {spoken}"]), \
            f"SELECT {t.shown()} FROM {t.sql} ORDER BY {c} DESC LIMIT 1"
        yield pick([f"{one} with the lowest {spoken}", f"which {one} has the smallest {spoken}"]), \
            f"SELECT {t.shown()} FROM {t.sql} ORDER BY {c} LIMIT 1"
        yield pick([f"{many} by {spoken}", f"{many} sorted by {spoken}", f"{many} ordered by {spoken}, lowest first", f"{many}, lowest {spoken} first"]), \
            f"SELECT {t.shown()} FROM {t.sql} ORDER BY {c}"
        yield pick([f"{many} sorted by {spoken} descending", f"{many} by {spoken}, highest first", f"{many}, highest {spoken} first"]), \
            f"SELECT {t.shown()} FROM {t.sql} ORDER BY {c} DESC"
        yield pick([f"{many} with {spoken} over {bound}", f"{many} with {spoken} above {bound}", f"{many} with more than {bound} {spoken}", f"{many} whose {spoken} is greater than {bound}"]), \
            f"SELECT {t.shown()} FROM {t.sql} WHERE {c} > {bound}"
        yield pick([f"{many} with {spoken} under {bound}", f"{many} with {spoken} below {bound}"]), f"SELECT {t.shown()} FROM {t.sql} WHERE {c} < {bound}"
        yield pick([f"{many} with {spoken} of at least {bound}", f"{many} with at least {bound} {spoken}"]), f"SELECT {t.shown()} FROM {t.sql} WHERE {c} >= {bound}"
        yield pick([f"{many} with {spoken} between {low} and {high}"]), f"SELECT {t.shown()} FROM {t.sql} WHERE {c} BETWEEN {low} AND {high}"
        yield pick([f"{many} with {spoken} above average", f"{many} whose {spoken} is above the average", f"{many} with more than average {spoken}"]), \
            f"SELECT {t.shown()} FROM {t.sql} WHERE {c} > (SELECT avg({c}) FROM {t.sql})"
        for label, said, found in rng.sample(t.labels, min(1, len(t.labels))):
            g = quoted(label)
            yield pick([f"average {spoken} per {said}", f"average {spoken} by {said}", f"mean {spoken} for each {said}"]), \
                f"SELECT {g}, avg({c}) FROM {t.sql} GROUP BY {g}"
            yield pick([f"average {spoken} per {said}, highest first", f"average {spoken} by {said}, largest first"]), \
                f"SELECT {g}, avg({c}) AS x FROM {t.sql} GROUP BY {g} ORDER BY x DESC"
            yield pick([f"total {spoken} per {said}", f"sum of {spoken} by {said}", f"{spoken} by {said}"]), f"SELECT {g}, sum({c}) FROM {t.sql} GROUP BY {g}"
            yield pick([f"{said} with the highest average {spoken}", f"which {said} has the highest average {spoken}"]), \
                f"SELECT {g} FROM {t.sql} GROUP BY {g} ORDER BY avg({c}) DESC LIMIT 1"
            yield pick([f"{plural(said)} by total {spoken}, highest first", f"{plural(said)} sorted by total {spoken} descending"]), \
                f"SELECT {g} FROM {t.sql} GROUP BY {g} ORDER BY sum({c}) DESC"
            value = pick(found)
            yield pick([f"average {spoken} of {many} with {said} {value}", f"average {spoken} of {value} {many}", f"average {spoken} where {said} is {value}"]), \
                f"SELECT avg({c}) FROM {t.sql} WHERE {g} = {literal(value)}"
            yield pick([f"{value} {many} with {spoken} over {bound}"]), f"SELECT {t.shown()} FROM {t.sql} WHERE {g} = {literal(value)} AND {c} > {bound}"
    for column, spoken, values in rng.sample(t.days, min(1, len(t.days))):
        c, year = quoted(column), int(pick(values)[:4])
        span = f"{c} >= '{year}-01-01' AND {c} < '{year + 1}-01-01'"
        if len(t.days) == 1:
            yield pick([f"{many} in {year}", f"{many} of {year}"]), f"SELECT {t.shown()} FROM {t.sql} WHERE {span}"
            yield pick([f"number of {many} in {year}", f"how many {many} in {year}"]), f"SELECT count(*) FROM {t.sql} WHERE {span}"
            since = f"{c} >= '{year}-01-01'"
            yield pick([f"{many} since {year}", f"all {many} since {year}"]), f"SELECT {t.shown()} FROM {t.sql} WHERE {since}"
            yield pick([f"how many {many} since {year}", f"number of {many} since {year}"]), f"SELECT count(*) FROM {t.sql} WHERE {since}"
            yield pick([f"{many} before {year}", f"list {many} before {year}"]), f"SELECT {t.shown()} FROM {t.sql} WHERE {c} < '{year}-01-01'"
            for number, measured, _ in rng.sample(t.numbers, min(1, len(t.numbers))):
                n = quoted(number)
                yield pick([f"total {measured} in {year}", f"total {measured} of {many} in {year}"]), f"SELECT sum({n}) FROM {t.sql} WHERE {span}"
                yield pick([f"average {measured} of {many} since {year}"]), f"SELECT avg({n}) FROM {t.sql} WHERE {since}"
            yield pick([f"number of {many} per year", f"{many} by year", f"{many} per year"]), \
                f"SELECT strftime('%Y', {c}) AS year, count(*) FROM {t.sql} GROUP BY year ORDER BY year"
            yield pick([f"number of {many} per month", f"{many} per month"]), \
                f"SELECT strftime('%Y-%m', {c}) AS month, count(*) FROM {t.sql} GROUP BY month ORDER BY month"
        yield pick([f"{many} with {spoken} in {year}"]), f"SELECT {t.shown()} FROM {t.sql} WHERE {span}"
        yield f"latest {spoken}", f"SELECT max({c}) FROM {t.sql}"
        yield pick([f"newest {many} first", f"{many} by {spoken}, newest first"]), f"SELECT {t.shown()} FROM {t.sql} ORDER BY {c} DESC"


def of_two(child, column, parent, key, rng):
    """Questions of a table and one that it refers to."""
    pick = rng.choice
    c, p = child, parent
    join = f"FROM {p.sql} AS p JOIN {c.sql} AS c ON c.{quoted(column)} = p.{quoted(key)}"
    shown = f"p.{quoted(p.display)}" if p.display else f"p.{quoted(key)}"
    yield pick([f"{c.many} per {p.one}", f"number of {c.many} per {p.one}", f"number of {c.many} for each {p.one}", f"{c.one} count by {p.one}"]), \
        f"SELECT {shown}, count(*) {join} GROUP BY p.{quoted(key)}"
    yield pick([f"{p.one} with the most {c.many}", f"which {p.one} has the most {c.many}", f"which {p.one} has most {c.many}"]), \
        f"SELECT {shown} {join} GROUP BY p.{quoted(key)} ORDER BY count(*) DESC LIMIT 1"
    yield pick([f"number of {c.many} per {p.one}, most first", f"{c.many} per {p.one}, highest first"]), \
        f"SELECT {shown}, count(*) AS n {join} GROUP BY p.{quoted(key)} ORDER BY n DESC"
    n = rng.randint(2, 5)
    yield pick([f"top {n} {p.many} by number of {c.many}", f"{n} {p.many} with the most {c.many}"]), \
        f"SELECT {shown} {join} GROUP BY p.{quoted(key)} ORDER BY count(*) DESC LIMIT {n}"
    yield pick([f"{p.many} with at least {n} {c.many}", f"{p.many} that have at least {n} {c.many}"]), \
        f"SELECT {shown} {join} GROUP BY p.{quoted(key)} HAVING count(*) >= {n}"
    yield pick([f"{p.many} with more than {n} {c.many}", f"{p.many} that have more than {n} {c.many}"]), \
        f"SELECT {shown} {join} GROUP BY p.{quoted(key)} HAVING count(*) > {n}"
    plain = quoted(p.display) if p.display else "*"
    yield pick([f"{p.many} without {c.many}", f"{p.many} with no {c.many}", f"{p.many} that have no {c.many}"]), \
        f"SELECT {plain} FROM {p.sql} WHERE {quoted(key)} NOT IN (SELECT {quoted(column)} FROM {c.sql} WHERE {quoted(column)} IS NOT NULL)"
    for label, said, values in rng.sample(p.labels, min(1, len(p.labels))):
        value = pick(values)
        yield pick([f"{c.many} of {p.many} with {said} {value}", f"{c.many} of {value} {p.many}"]), \
            f"SELECT {c.shown('c.')} {join} WHERE p.{quoted(label)} = {literal(value)}"
        grouped = f"SELECT p.{quoted(label)}, count(*) AS n {join} GROUP BY p.{quoted(label)}"
        yield pick([f"number of {c.many} per {p.one} {said}", f"number of {c.many} by {said} of {p.one}", f"number of {c.many} per {said}"]), grouped
        yield pick([f"number of {c.many} per {said}, most first", f"{c.many} per {p.one} {said}, highest first"]), f"{grouped} ORDER BY n DESC"
        for number, spoken, _ in rng.sample(c.numbers, min(1, len(c.numbers))):
            yield pick([f"total {spoken} per {said}", f"{spoken} by {p.one} {said}", f"total {spoken} of {c.many} by {said}"]), \
                f"SELECT p.{quoted(label)}, sum(c.{quoted(number)}) {join} GROUP BY p.{quoted(label)}"
    if p.display:
        d = quoted(p.display)
        values = [row[0] for row in p.db.execute(f"select distinct {d} from {p.sql} where {d} is not null limit 100") if isinstance(row[0], str) and 2 < len(row[0]) < 30]
        if values:
            value = pick(values)
            yield pick([f"{c.many} of {value}", f"{value}'s {c.many}", f"{c.many} with {p.one} {value}"]), \
                f"SELECT {c.shown('c.')} {join} WHERE p.{d} = {literal(value)}"
            yield pick([f"number of {c.many} of {value}", f"how many {c.many} does {value} have"]), f"SELECT count(*) {join} WHERE p.{d} = {literal(value)}"
        for number, spoken, _ in rng.sample(c.numbers, min(1, len(c.numbers))):
            yield pick([f"total {spoken} per {p.one}", f"{spoken} by {p.one}", f"sum of {c.one} {spoken} for each {p.one}"]), \
                f"SELECT {shown}, sum(c.{quoted(number)}) {join} GROUP BY p.{quoted(key)}"
            yield pick([f"{p.one} with the highest total {spoken}", f"which {p.one} has the highest total {spoken}"]), \
                f"SELECT {shown} {join} GROUP BY p.{quoted(key)} ORDER BY sum(c.{quoted(number)}) DESC LIMIT 1"
            yield pick([f"average {spoken} of {c.many} per {p.one}"]), f"SELECT {shown}, avg(c.{quoted(number)}) {join} GROUP BY p.{quoted(key)}"


def of_database(path, rng):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    db.text_factory = lambda raw: raw.decode("utf-8", "replace")
    tables = {}
    for (name,) in db.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name"):
        table = Table(db, name)
        table.db = db
        tables[name.lower()] = table
    made = []
    for table in tables.values():
        made += of_table(table, rng)
        for column, parent, key in table.references:
            parent = tables.get(parent.lower())
            if parent and parent is not table and (key or parent.key):
                made += of_two(table, column, parent, key or parent.key, rng)
    rng.shuffle(made)
    kept = []
    for question, sql in made:
        try:
            rows = db.execute(sql).fetchmany(2)
        except sqlite3.Error:
            continue
        # Times are rare, so that all of them are kept.
        timed = "strftime" in sql or "-01-01'" in sql
        if rows and (timed or len(kept) < PER_DATABASE) and question not in {q for q, _ in kept}:
            kept.append((question, sql))
    return kept


def write(path, asked, folder):
    """Questions for every database that `asked` names."""
    files = {}
    for line in open(asked):
        line = json.loads(line)
        files[line["db_id"]] = line["db_file"]
    with open(path, "w") as out:
        for db, file in sorted(files.items()):
            for at, (question, sql) in enumerate(of_database(os.path.join(folder, file), random.Random(db))):
                out.write(json.dumps({"id": f"made-{db}-{at}", "question": question, "gold": sql, "db_id": db, "db_file": file}) + "\n")
