"""Real gateways in front of the scripted model, each in a folder of its own."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

# A cold start on a loaded machine took 40 s.
PATIENCE = 180

MASTER_KEY = 'sk-master'

LITELLM = """\
model_list:
  - model_name: "*"
    litellm_params: {{model: "hosted_vllm/*", api_base: "{upstream}/v1", api_key: {key}}}
general_settings: {{master_key: {master_key}}}
router_settings: {{num_retries: 0, disable_cooldowns: true}}
litellm_settings: {{telemetry: false, request_timeout: 60}}
"""


class Gateway:
    """A program of the tests' Python environment that serves HTTP on a free port."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix='nlq-gateway-')
        self.port = free_port()
        self.url = f'http://127.0.0.1:{self.port}'

    def start(self, program, arguments, environment):
        binary = Path(os.environ['NLQ_TEST_TOOLS'], 'models', 'bin', program)
        home = self.folder.name
        environment = {'PATH': os.environ['PATH'], 'HOME': home, 'TMPDIR': home, **environment}
        self.log = open(Path(home, 'log'), 'w+b')
        self.process = subprocess.Popen([binary, *arguments], cwd=home, env=environment, start_new_session=True,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)

    def wait(self):
        """Until it answers at its port."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < end:
            try:
                return urllib.request.urlopen(self.url + self.health, timeout=5).read()
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        self.log.seek(0)
        raise SystemExit(f'{self.url} never answered:\n{self.log.read().decode()[-4000:]}')

    def stop(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended by itself
        self.process.wait()
        self.log.close()
        self.folder.cleanup()


class LiteLlm(Gateway):
    """Every model name goes to the scripted model as it is; nothing is retried, so that retries are nlq's."""

    health = '/health/liveliness'

    def __init__(self, upstream, key):
        super().__init__()
        self.told = {'litellm': self.url, 'master_key': MASTER_KEY}
        config = Path(self.folder.name, 'litellm.yaml')
        config.write_text(LITELLM.format(upstream=upstream, key=json.dumps(key or 'sk-upstream'), master_key=MASTER_KEY))
        self.start('litellm', ['--config', config, '--host', '127.0.0.1', '--port', str(self.port), '--telemetry', 'False'],
                   {'LITELLM_LOCAL_MODEL_COST_MAP': 'True'})


class Ministack(Gateway):
    """Amazon's own wire, forwarded to the scripted model."""

    health = '/_ministack/health'

    def __init__(self, upstream):
        super().__init__()
        self.told = {'bedrock': self.url}
        self.start('ministack', [], {'BIND_HOST': '127.0.0.1', 'GATEWAY_PORT': str(self.port), 'IOT_MTLS_ENABLED': '0',
                                     'MINISTACK_BEDROCK_PROXY_URL': upstream})


def free_port():
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        return taken.getsockname()[1]
