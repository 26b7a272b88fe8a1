#!/usr/bin/env python3
"""A provider for nlq in one file: every CSV file of a folder is a table, read-only.

nlq starts it (see README.md beside it), sends requests as JSON-RPC on its standard input and reads the answers from its
standard output, each message framed by a Content-Length header. What it prints on its standard error goes to nlq's log.

Python 3.9 or later, standard library only.
"""

import csv
import json
import pathlib
import sqlite3
import sys
import threading
import time


class Problem(Exception):
    """What is wrong, in one sentence, with a kind that nlq knows: syntax, schema, permission, timeout, data, cancelled."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


class Tables:
    """The CSV files of a folder as tables of a SQLite database in memory."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        if not self.folder.is_dir():
            raise Problem("connection", f"the folder {self.folder} does not exist: mend `folder` in nlq.yaml")
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.tables = [self.load(path) for path in sorted(self.folder.glob("*.csv"))]
        self.database.commit()
        # From here on nothing can be written, whatever a statement says.
        self.database.execute("PRAGMA query_only = 1")

    def load(self, path):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        names, rows = (rows[0], rows[1:]) if rows else ([], [])
        values = [[cell(row[at]) if at < len(row) else None for row in rows] for at in range(len(names))]
        kinds = [kind(column) for column in values]
        columns = ", ".join(f"{quoted(name)} {STORED[kind]}" for name, kind in zip(names, kinds))
        table = quoted(path.stem)
        self.database.execute(f"CREATE TABLE {table} ({columns})")
        marks = ", ".join("?" for _ in names)
        self.database.executemany(f"INSERT INTO {table} VALUES ({marks})", zip(*values))
        return path.stem, list(zip(names, kinds)), len(rows)

    def schema(self, sample_values):
        return [
            {
                "name": table,
                "row_estimate": count,
                "columns": [self.column(table, name, kind, sample_values) for name, kind in columns],
            }
            for table, columns, count in self.tables
        ]

    def column(self, table, name, kind, sample_values):
        told = {"name": name, "type": STORED[kind], "kind": kind, "nullable": True}
        if sample_values and kind == "text":
            some = f"SELECT DISTINCT {quoted(name)} FROM {quoted(table)} WHERE {quoted(name)} IS NOT NULL LIMIT 51"
            values = [row[0] for row in self.database.execute(some)]
            if len(values) <= 50:
                told["values"] = {"values": sorted(values), "complete": True}
        return told

    def explain(self, query):
        return "\n".join(row[3] for row in self.run(f"EXPLAIN QUERY PLAN {query}"))

    def run(self, query):
        try:
            return self.database.execute(query)
        except sqlite3.OperationalError as error:
            kind = "schema" if "no such" in str(error) else "cancelled" if "interrupted" in str(error) else "syntax"
            raise Problem(kind, str(error)) from error
        except sqlite3.Error as error:
            raise Problem("data", str(error)) from error

    def execute(self, query, limits):
        begun = time.monotonic()
        late = lambda: (time.monotonic() - begun) * 1000 > limits["timeoutMs"]
        # Looked at every so many steps of SQLite's machine: a true value stops the statement.
        self.database.set_progress_handler(late, 10_000)
        try:
            cursor = self.run(query)
            rows = cursor.fetchmany(limits["rows"] + 1)
        except sqlite3.OperationalError as error:
            raise Problem("timeout" if late() else "cancelled", str(error)) from error
        except Problem as problem:
            raise Problem("timeout", "it took too long") from problem if late() else problem
        finally:
            self.database.set_progress_handler(None, 0)
        cut = len(rows) > limits["rows"]
        columns = [{"name": column[0]} for column in cursor.description]
        return {"columns": columns, "rows": rows[: limits["rows"]], "truncated": "rows" if cut else None}


STORED = {"integer": "INTEGER", "float": "REAL", "date": "DATE", "timestamp": "DATETIME", "text": "TEXT"}


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def cell(text):
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            pass
    return text or None


def kind(values):
    """The narrowest kind that all values of a column have, as nlq names it."""
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, int) for value in present):
        return "integer"
    if present and all(isinstance(value, (int, float)) for value in present):
        return "float"
    shapes = {shape(value) for value in present if isinstance(value, str)}
    return shapes.pop() if len(shapes) == 1 and all(isinstance(value, str) for value in present) else "text"


def shape(text):
    for kind, form in (("date", "%Y-%m-%d"), ("timestamp", "%Y-%m-%d %H:%M:%S")):
        try:
            time.strptime(text, form)
            return kind
        except ValueError:
            pass
    return "text"


class Server:
    """Reads requests on one thread and works on them on another, so that one can be cancelled while it runs."""

    def __init__(self):
        self.tables = None
        self.working = None
        self.lock = threading.Lock()
        self.requests = []
        self.ready = threading.Condition()

    def serve(self):
        threading.Thread(target=self.work, daemon=True).start()
        while (message := receive()) is not None:
            if message.get("method") == "exit":
                return
            if message.get("method") == "$/cancelRequest":
                self.cancel(message["params"]["id"])
            elif "id" in message:
                with self.ready:
                    self.requests.append(message)
                    self.ready.notify()

    def cancel(self, id):
        with self.ready:
            self.requests = [request for request in self.requests if request["id"] != id]
        with self.lock:
            if self.working == id and self.tables:
                self.tables.database.interrupt()

    def work(self):
        while True:
            with self.ready:
                self.ready.wait_for(lambda: self.requests)
                request = self.requests.pop(0)
            with self.lock:
                self.working = request["id"]
            try:
                answer = {"result": self.answer(request["method"], request.get("params") or {})}
            except Problem as problem:
                answer = {"error": {"code": -32000, "message": str(problem), "data": {"kind": problem.kind}}}
            except Exception as error:
                answer = {"error": {"code": -32603, "message": f"the provider failed: {error!r}"}}
            with self.lock:
                self.working = None
            send({"jsonrpc": "2.0", "id": request["id"], **answer})

    def answer(self, method, params):
        if method == "initialize":
            folder = params["settings"].get("folder")
            if not folder:
                raise Problem("connection", "the setting `folder` is missing: name the folder of the CSV files")
            self.tables = Tables(folder)
            can = ["schema_introspection", "query_validation", "query_execution", "query_explanation"]
            return {"protocolVersion": 1, "name": "CSV files", "capabilities": can}
        if method == "schema":
            return {"tables": self.tables.schema(params["sampleValues"])}
        if method == "validate":
            self.tables.run(f"EXPLAIN {params['query']}")
            return {}
        if method == "explain":
            return {"plan": self.tables.explain(params["query"])}
        if method == "execute":
            return self.tables.execute(params["query"], params["limits"])
        raise Problem("data", f"the method {method} is not known here")


def receive():
    """The next message; none at the end of the input."""
    length = None
    while line := sys.stdin.buffer.readline():
        if line == b"\r\n":
            return json.loads(sys.stdin.buffer.read(length))
        name, _, value = line.decode().partition(":")
        if name.lower() == "content-length":
            length = int(value)
    return None


def send(message):
    body = json.dumps(message).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    Server().serve()
