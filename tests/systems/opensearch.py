"""python3 tests/systems/opensearch.py

OpenSearch on a free port; prints {"url"}. Without the security plugin it takes every request.
"""

import shutil

from java import OPTIONS, home
from server import answers, free_port, hand_over, serve, tools


def launch(server):
    port = free_port()
    at = server.folder / 'opensearch'
    shutil.copytree(tools('opensearch'), at, copy_function=shutil.copy)
    settings = {
        'discovery.type': 'single-node', 'network.host': '127.0.0.1', 'http.port': port, 'transport.port': free_port(),
        # A disk that is nearly full would make its indices read-only.
        'cluster.routing.allocation.disk.threshold_enabled': 'false',
    }
    (at / 'config/opensearch.yml').write_text(''.join(f'{name}: {value}\n' for name, value in settings.items()))
    hand_over(at)
    server.start([at / 'bin/opensearch'], OPENSEARCH_JAVA_HOME=home(), OPENSEARCH_JAVA_OPTS=OPTIONS)
    url = f'http://127.0.0.1:{port}'
    server.wait(lambda: answers(f'{url}/_cluster/health?wait_for_status=yellow'))
    return {'url': url}


serve('opensearch', launch)
