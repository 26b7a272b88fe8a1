"""What the launchers of this folder share: a server of a real system in a temporary folder, for as long as somebody wants it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

# A cold start on a loaded machine took 40 s.
PATIENCE = 240

# The user and group `nobody`: most servers refuse to run as root.
NOBODY = 65534

# Where root starts them: as that user, but able to read root's folder of tools.
AS_NOBODY = ['setpriv', '--reuid', str(NOBODY), '--regid', str(NOBODY), '--clear-groups',
             '--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'] if os.getuid() == 0 else []


def tools(part):
    """The folder of a part of tests/setup; without it the program ends and says so."""
    root = os.environ.get('NLQ_TEST_TOOLS')
    if not root or not Path(root, f'{part}.done').exists():
        raise SystemExit(f'NLQ_TEST_TOOLS names no folder with {part}; run tests/setup and set it to what that prints')
    return Path(root, part)


def free_port():
    """It may be taken between here and the server's start; then the start fails and says so."""
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def hand_over(folder):
    """Gives a folder to the user that servers run as."""
    if os.getuid() == 0:
        for path in [folder, *folder.rglob('*')]:
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


class Server:
    """A folder and the processes in it. `start` starts one more process; all of them end with `stop`."""

    def __init__(self, name):
        self.folder = Path(tempfile.mkdtemp(prefix=f'nlq-{name}-'))
        self.processes = []
        hand_over(self.folder)

    def environment(self, more):
        home = str(self.folder)
        return {'PATH': os.environ['PATH'], 'HOME': home, 'TMPDIR': home, 'LC_ALL': 'C.UTF-8', **more}

    def bring(self, folder):
        """A folder of tools inside the server's own, for programs that look for others beside them: they ask whether their user
        may, which in root's folder it may not. Hard links, copies where there can be none."""
        to = self.folder / folder.name
        try:
            shutil.copytree(folder, to, symlinks=True, copy_function=os.link)
        except (OSError, shutil.Error):
            shutil.rmtree(to, ignore_errors=True)
            shutil.copytree(folder, to, symlinks=True)
        return to

    def run(self, command, given=None, **environment):
        """Runs a program to its end."""
        done = subprocess.run([*AS_NOBODY, *command], cwd=self.folder, env=self.environment(environment), input=given, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise SystemExit(f'{command[0]} failed:\n{done.stdout[-4000:]}')

    def start(self, command, end=signal.SIGKILL, **environment):
        """Starts a program that ends at the signal `end`: by default at once, for nothing of it is kept."""
        log = open(self.folder / f'{len(self.processes)}.log', 'w+b')
        process = subprocess.Popen([*AS_NOBODY, *command], cwd=self.folder, env=self.environment(environment),
                                   start_new_session=True, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.processes.append((process, log, end))

    def wait(self, ready):
        """Until `ready()` is true; a process that ends before is an error, told with what it wrote."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and all(process.poll() is None for process, *_ in self.processes):
            if ready():
                return
            time.sleep(0.1)
        for _, log, _ in self.processes:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors='replace')[-4000:])
        raise SystemExit(f'the server in {self.folder} did not start')

    def stop(self):
        for process, _, end in reversed(self.processes):
            for number in (end, signal.SIGKILL):
                try:
                    os.killpg(process.pid, number)
                    process.wait(10)
                    break
                except ProcessLookupError:
                    break
                except subprocess.TimeoutExpired:
                    pass
        shutil.rmtree(self.folder, ignore_errors=True)


def answers(url, **headers):
    """Whether something answers at an address without an error."""
    try:
        urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5).read()
        return True
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def listens(port):
    try:
        socket.create_connection(('127.0.0.1', port), 1).close()
        return True
    except OSError:
        return False


def serve(name, launch):
    """Calls `launch(server)`, prints what it tells as one line of JSON, and serves until standard input ends or a signal comes."""
    def end_with_input():
        # Not sys.stdin: a buffered reader would hold a lock at exit.
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    # Also while the server is still starting.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit())
    threading.Thread(target=end_with_input, daemon=True).start()
    server = Server(name)
    try:
        print(json.dumps(launch(server)), flush=True)
        signal.pause()
    finally:
        server.stop()
