"""python3 tests/systems/elasticsearch.py [--open]

Elasticsearch on a free port; prints {"url", "user", "password"}. It asks for the password, by basic authentication, unless it
is started with --open.
"""

import argparse
import base64
import shutil

from java import OPTIONS, home
from server import answers, free_port, hand_over, serve, tools

parser = argparse.ArgumentParser()
parser.add_argument('--open', action='store_true', help='ask nobody for a password')
given = parser.parse_args()

USER, PASSWORD = 'elastic', 'of-the-tests'


def launch(server):
    port = free_port()
    at = server.folder / 'elasticsearch'
    shutil.copytree(tools('elasticsearch'), at, copy_function=shutil.copy)
    settings = {
        'discovery.type': 'single-node', 'network.host': '127.0.0.1', 'http.port': port, 'transport.port': free_port(),
        # A disk that is nearly full would make its indices read-only.
        'cluster.routing.allocation.disk.threshold_enabled': 'false',
        'xpack.security.enabled': 'false' if given.open else 'true',
    }
    (at / 'config/elasticsearch.yml').write_text(''.join(f'{name}: {value}\n' for name, value in settings.items()))
    hand_over(at)
    java = {'ES_JAVA_HOME': home(), 'ES_JAVA_OPTS': OPTIONS}
    if not given.open:
        server.run([at / 'bin/elasticsearch-keystore', 'create'], **java)
        server.run([at / 'bin/elasticsearch-keystore', 'add', '--stdin', 'bootstrap.password'], PASSWORD, **java)
    server.start([at / 'bin/elasticsearch'], **java)
    url = f'http://127.0.0.1:{port}'
    basic = base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()
    server.wait(lambda: answers(f'{url}/_cluster/health?wait_for_status=yellow', authorization=f'Basic {basic}'))
    return {'url': url} if given.open else {'url': url, 'user': USER, 'password': PASSWORD}


serve('elasticsearch', launch)
