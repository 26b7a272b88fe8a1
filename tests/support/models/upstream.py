"""The scripted model behind HTTP, as OpenAI and as Anthropic speak. Standard library only."""

import json
import select
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anthropic_wire
import openai_wire
from scenarios import Failure, Script

WIRES = {wire.PATH: wire for wire in (openai_wire, anthropic_wire)}


class Upstream(ThreadingHTTPServer):
    """Listens on a free port. Every body is logged as it came, one line of JSON each; with a `key` others are turned away."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, log=None, key=None):
        super().__init__(('127.0.0.1', 0), Handler)
        self.script, self.key = Script(), key
        self._log, self._lock = open(log, 'a', encoding='utf-8') if log else None, threading.Lock()

    @property
    def url(self):
        return f'http://127.0.0.1:{self.server_address[1]}'

    def note(self, path, body):
        if self._log:
            with self._lock:
                self._log.write(json.dumps({'time': time.time(), 'path': path, 'body': body}) + '\n')
                self._log.flush()

    def handle_error(self, request, client_address):
        """A client that goes away in the middle is one of the scenarios, not an error of ours."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('content-length', 0))).decode()
        if self.path == '/script':
            self.server.script.add(json.loads(body))
            return self.send_json(200, {})
        wire = WIRES.get(self.path.split('?')[0])
        if wire is None:
            return self.send_json(404, {'error': {'message': f'nothing is at {self.path}'}})
        self.server.note(self.path, body)
        given = self.headers.get('x-api-key') or (self.headers.get('authorization') or '').removeprefix('Bearer ')
        if self.server.key and given != self.server.key:
            # As services do, it says which key was wrong.
            return self.fail(wire, Failure(401, said=f'Incorrect API key provided: {given}.'))
        asked = wire.read(json.loads(body))
        reply = self.server.script.play(asked)
        if isinstance(reply, Failure):
            self.fail(wire, reply)
        elif asked.stream:
            self.stream(wire.stream(asked, reply), reply)
        else:
            self.once(wire.whole(asked, reply), reply)

    def once(self, value, reply):
        if reply.breaks:
            # All in one piece: it breaks before it begins.
            self.close_connection = True
            if reply.breaks == 'stall':
                self.wait_for_goodbye()
            return
        time.sleep(reply.pace)
        self.send_json(200, value)

    def stream(self, events, reply):
        self.send_response(200)
        self.send_header('content-type', 'text/event-stream')
        self.send_header('transfer-encoding', 'chunked')
        self.end_headers()
        for event in events:
            if event is None:
                # Without the last chunk the client sees that the stream was cut.
                self.close_connection = True
                if reply.breaks == 'stall':
                    self.wait_for_goodbye()
                return
            data = event.encode()
            self.wfile.write(b'%x\r\n%s\r\n' % (len(data), data))
            self.wfile.flush()
            time.sleep(reply.pace)
        self.wfile.write(b'0\r\n\r\n')

    def wait_for_goodbye(self):
        """Silence until the client gives up; ten minutes are longer than any test."""
        select.select([self.connection], [], [], 600)

    def fail(self, wire, failure):
        headers = {} if failure.retry_after is None else {'retry-after': str(failure.retry_after)}
        self.send_json(failure.status, wire.error(failure), headers)

    def send_json(self, status, value, headers={}):
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {'content-type': 'application/json', 'content-length': str(len(data)), **headers}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Standard error is the test's own."""
