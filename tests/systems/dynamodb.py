"""python3 tests/systems/dynamodb.py

DynamoDB Local on a free port, all in memory; prints {"url", "region", "access_key", "secret_key"}. It takes any keys.
"""

from java import OPTIONS
from server import free_port, listens, serve, tools


def launch(server):
    port = free_port()
    at = tools('dynamodb')
    server.start(['java', *OPTIONS.split(), f'-Djava.library.path={at}', '-cp', f'{at}/*',
                  'com.amazonaws.services.dynamodbv2.local.main.ServerRunner', '-inMemory', '-port', str(port), '-disableTelemetry'])
    server.wait(lambda: listens(port))
    return {'url': f'http://127.0.0.1:{port}', 'region': 'us-east-1', 'access_key': 'tests', 'secret_key': 'tests'}


serve('dynamodb', launch)
