"""Asks the stand-in for a Splunk server through the vendor's own library, and fails when something is off.

python check.py SPLUNK_DOUBLE   where SPLUNK_DOUBLE is the program; the library is `splunk-sdk`
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from splunklib import binding, client, results


@contextmanager
def double(*options):
    program = subprocess.Popen([sys.argv[1], *options], stdout=subprocess.PIPE, text=True)
    try:
        line = program.stdout.readline()
        assert line.startswith("listening on "), line
        yield line.split("://")[0].removeprefix("listening on "), int(line.strip().rsplit(":", 1)[1])
    finally:
        program.kill()
        program.wait()


def connect(scheme, port, **credentials):
    credentials = credentials or {"username": "analyst", "password": "pass-of-analyst"}
    return client.connect(host="127.0.0.1", port=port, scheme=scheme, verify=False, **credentials)


def rows(reply):
    found = list(results.JSONResultsReader(reply))
    assert not any(isinstance(row, results.Message) and row.type in ("FATAL", "ERROR") for row in found), found
    return [row for row in found if isinstance(row, dict)]


def refused(status, words, call):
    try:
        call()
    except binding.HTTPError as error:
        assert error.status == status and words in str(error).replace("\\'", "'"), error
    except binding.AuthenticationError as error:
        assert status == 401, error
    else:
        raise AssertionError(f"{words!r} was expected to be refused")


def records(sourcetype):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], "events", folder], check=True)
        return [json.loads(line) for line in (Path(folder) / f"{sourcetype}.jsonl").read_text().splitlines()]


def searches(service):
    expected = Counter(record["level"] for record in records("app_json"))
    query = "search index=app sourcetype=app:json | stats count by level"
    as_counts = lambda found: {row["level"]: int(row["count"]) for row in found}

    assert as_counts(rows(service.jobs.oneshot(query, output_mode="json"))) == expected
    # Without an output mode the answer is XML.
    assert service.jobs.oneshot(query).read().count(b"<result offset=") == len(expected)

    job = service.jobs.create(query)
    while not job.is_done():
        time.sleep(0.05)
    assert job["isFailed"] == "0" and int(job["resultCount"]) == len(expected), job.content
    assert as_counts(rows(job.results(output_mode="json", count=0))) == expected
    assert len(rows(job.results(output_mode="json", count=1, offset=1))) == 1
    assert as_counts(rows(job.preview(output_mode="json"))) == expected
    sid = job.sid
    assert sid in [known.sid for known in service.jobs.list()]
    job.cancel()
    refused(404, "Unknown sid", lambda: service.get(f"search/jobs/{sid}"))

    assert as_counts(rows(service.jobs.export(query, output_mode="json"))) == expected
    assert rows(service.jobs.export("search index=nosuch", output_mode="json")) == []
    refused(400, "Unknown search command 'xyzzy'", lambda: service.jobs.create("search index=app | xyzzy"))
    refused(400, "Unknown search command 'index'", lambda: service.jobs.oneshot("index=app | head 1"))
    # What fails while it runs comes on a status of success.
    failing = service.jobs.export("search index=app | head 1 | kmeans", output_mode="json")
    messages = [row for row in results.JSONResultsReader(failing) if isinstance(row, results.Message)]
    assert [message.type for message in messages] == ["FATAL"], messages

    recent = service.jobs.oneshot("search index=app | stats count", earliest_time="-1d", output_mode="json")
    everything = service.jobs.oneshot("search index=app | stats count", output_mode="json")
    assert 0 < int(rows(recent)[0]["count"]) < int(rows(everything)[0]["count"])


def parser(service):
    query = "search index=web | stats count by host | sort - count"
    view = json.loads(service.parse(query, output_mode="json").body.read())
    assert [command["command"] for command in view["commands"]] == ["search", "stats", "sort"], view
    assert view["eventsSearch"] == "search index=web" and view["reportsSearch"].startswith("stats"), view
    refused(400, "Unknown search command 'xyzzy'", lambda: service.parse("search a | xyzzy", output_mode="json"))


def objects(service):
    saved = service.saved_searches["Failed logins by user"]
    assert "failed_logins" in saved["search"], saved.content
    job = saved.dispatch()
    while not job.is_done():
        time.sleep(0.05)
    assert len(rows(job.results(output_mode="json"))) == 10
    assert {index.name for index in service.indexes.list()} >= {"web", "app", "security"}
    assert int(service.indexes["web"]["totalEventCount"]) == 3000
    assert {macro.name for macro in service.macros.list()} == {"failed_logins", "slow(1)", "errors_of(1)"}
    model = json.loads(service.get("datamodel/model/Authentication", output_mode="json").body.read())
    described = json.loads(model["entry"][0]["content"]["description"])
    names = {field["fieldName"] for field in described["objects"][0]["fields"]}
    assert names >= {"_time", "user", "src", "action"}, names
    lookups = json.loads(service.get("data/transforms/lookups", output_mode="json").body.read())
    assert [entry["name"] for entry in lookups["entry"]] == ["products", "users"], lookups


def main():
    with double() as (scheme, port):
        service = connect(scheme, port)
        assert service.info["version"] == "9.3.2"
        searches(service)
        parser(service)
        objects(service)
        rows(connect(scheme, port, token="token-of-analyst").jobs.oneshot("| makeresults", output_mode="json"))
        basic = connect(scheme, port, username="analyst", password="pass-of-analyst", basic=True)
        rows(basic.jobs.oneshot("| makeresults", output_mode="json"))
        refused(401, "", lambda: connect(scheme, port, username="analyst", password="wrong"))
        refused(401, "", lambda: connect(scheme, port, token="wrong").jobs.oneshot("| makeresults"))
        refused(403, "permission", lambda: connect(scheme, port, token="token-of-nobody").get("saved/searches"))
    with double("--old") as (scheme, port):
        service = connect(scheme, port)
        parser(service)
        assert len(rows(service.jobs.oneshot("| makeresults count=3", output_mode="json"))) == 3
    with double("--slow", "60000") as (scheme, port):
        service = connect(scheme, port)
        job = service.jobs.create("search index=web | stats count")
        assert not job.is_done()
        threading.Timer(0.2, job.cancel).start()
        time.sleep(0.5)
        assert service.jobs.list() == []
    with tempfile.TemporaryDirectory() as folder, double("--tls", f"{folder}/cert.pem") as (scheme, port):
        assert scheme == "https"
        assert len(rows(connect(scheme, port).jobs.oneshot("| makeresults", output_mode="json"))) == 1
    print("the stand-in answers the vendor's library")


main()
