"""python3 tests/support/models [--litellm] [--bedrock] [--log FILE] [--key KEY] [--script FILE]

Starts the scripted model, and with it real gateways in front of it: LiteLLM, and ministack as Amazon Bedrock, both from the
folder of tests/setup (NLQ_TEST_TOOLS). Prints one line of JSON, {"upstream", "litellm", "master_key", "bedrock"}, when all of
them answer. Everything listens on 127.0.0.1 and ends when standard input does: no test leaves anything behind, however it ends.
"""

import argparse
import json
import os
import signal
import sys
import threading

from gateways import LiteLlm, Ministack
from upstream import Upstream

parser = argparse.ArgumentParser()
parser.add_argument('--litellm', action='store_true')
parser.add_argument('--bedrock', action='store_true')
parser.add_argument('--log', help='the file that every request is logged to')
parser.add_argument('--key', help='the only key that the scripted model takes')
parser.add_argument('--script', help='a file with what POST /script takes')
given = parser.parse_args()

upstream = Upstream(given.log, given.key)
if given.script:
    with open(given.script, encoding='utf-8') as file:
        upstream.script.add(json.load(file))
threading.Thread(target=upstream.serve_forever, daemon=True).start()


def end_with_input():
    # Not sys.stdin: a buffered reader would hold a lock at exit.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


# Also while the gateways are still starting.
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
threading.Thread(target=end_with_input, daemon=True).start()

gateways = []
try:
    if given.litellm:
        gateways.append(LiteLlm(upstream.url, given.key))
    if given.bedrock:
        gateways.append(Ministack(upstream.url))
    told = {'upstream': upstream.url}
    for gateway in gateways:
        gateway.wait()
        told |= gateway.told
    print(json.dumps(told), flush=True)
    signal.pause()
finally:
    for gateway in gateways:
        gateway.stop()
