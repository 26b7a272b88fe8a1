"""python3 tests/systems/mongodb.py

What speaks MongoDB's protocol, on a free port: FerretDB in front of PostgreSQL with the DocumentDB extension; prints {"url"}.
It takes every client, without a password.
"""

import signal

from server import free_port, listens, serve, tools


def launch(server):
    binaries = server.bring(tools('documentdb')) / 'usr/lib/postgresql/18/bin'
    at, port, inner = server.folder, free_port(), free_port()
    server.run([binaries / 'initdb', '-D', at / 'data', '-A', 'trust', '-U', 'postgres', '--no-sync', '-E', 'UTF8', '--locale=C'])
    with open(at / 'data/postgresql.conf', 'a', encoding='utf-8') as file:
        file.write(f"""
shared_preload_libraries = 'pg_cron,pg_documentdb_core,pg_documentdb'
cron.database_name = 'postgres'
fsync = off
listen_addresses = '127.0.0.1'
port = {inner}
unix_socket_directories = '{at}'
""")
    # An immediate end; killed, it would leave its shared memory behind.
    server.start([binaries / 'postgres', '-D', at / 'data'], signal.SIGQUIT)
    server.wait(lambda: listens(inner))
    server.run([binaries / 'psql', '-X', '-q', '-h', at, '-p', str(inner), '-U', 'postgres', '-d', 'postgres',
                '-c', 'CREATE EXTENSION documentdb CASCADE'])
    server.start([tools('ferretdb') / 'ferretdb', f'--listen-addr=127.0.0.1:{port}', '--debug-addr=-', '--no-auth', '--telemetry=disable', f'--state-dir={at}',
                  f'--postgresql-url=postgres://postgres@127.0.0.1:{inner}/postgres'])
    server.wait(lambda: listens(port))
    return {'url': f'mongodb://127.0.0.1:{port}'}


serve('mongodb', launch)
