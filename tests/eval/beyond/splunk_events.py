"""Raw log lines to a SQLite database, with none of the code that searches them: what questions must find is asked there in SQL."""

import datetime
import json
import re
import sqlite3

# What each sourcetype's table holds.
TABLES = {
    'access_combined': ('access_combined', 'clientip text, user text, method text, uri text, uri_path text, uri_query text, '
                        'status integer, bytes integer, referer text, useragent text, action text, product_id text'),
    'linux_secure': ('linux_secure', 'user text, src text, src_port integer, dest text, action text, authentication_method text'),
    'WinEventLog:Security': ('wineventlog_security', 'user text, src text, dest text, action text, eventcode integer, logon_type integer'),
    'app:json': ('app_json', 'level text, service text, duration_ms integer, error_code text, user text, environment text, '
                 'message text, request_id text, request_region text'),
    'payments': ('payments', 'transaction_id text, user text, amount real, currency text, method text, status text, note text'),
}
COMBINED = re.compile(r'(\S+) - (\S+) \[([^]]+)\] "(\S+) (\S+) [^"]*" (\d+) (\d+|-) "([^"]*)" "([^"]*)"')
SSH = re.compile(r'(\S+) (\S+) sshd\[\d+\]: (Failed|Accepted) (\S+) for (?:invalid user )?(\S+) from (\S+) port (\d+)')


def stamp(moment):
    text = moment.astimezone(datetime.timezone.utc).strftime('%Y-%m-%d %H:%M:%S.%f')
    return text.rstrip('0').rstrip('.')


def when(text, form):
    return stamp(datetime.datetime.strptime(text, form).replace(tzinfo=datetime.timezone.utc))


def there(text):
    return None if text == '-' else text


def combined(line):
    client, user, time, method, uri, status, size, referer, agent = COMBINED.match(line).groups()
    path, _, query = uri.partition('?')
    pairs = dict(pair.split('=', 1) for pair in query.split('&') if '=' in pair)
    return (when(time, '%d/%b/%Y:%H:%M:%S +0000'), client, there(user), method, uri, path, query or None, int(status),
            int(size), there(referer), agent, pairs.get('action'), pairs.get('product_id'))


def ssh(line):
    time, host, verb, method, user, src, port = SSH.match(line).groups()
    action = 'failure' if verb == 'Failed' else 'success'
    return when(time, '%Y-%m-%dT%H:%M:%SZ'), user, src, int(port), host, action, method


def windows(line):
    time, *pairs = line.splitlines()
    pairs = dict(pair.split('=', 1) for pair in pairs)
    code = int(pairs['EventCode'])
    return (when(time, '%m/%d/%Y %I:%M:%S %p'), pairs['Account_Name'], pairs['Source_Network_Address'], pairs['ComputerName'],
            {4624: 'success', 4625: 'failure'}[code], code, int(pairs['Logon_Type']))


def service(line):
    entry = json.loads(line)
    names = ['level', 'service', 'duration_ms', 'error_code', 'user', 'environment', 'message']
    return (when(entry['timestamp'], '%Y-%m-%dT%H:%M:%S.%fZ'), *map(entry.get, names),
            entry['request']['id'], entry['request']['region'])


def payment(line):
    time, rest = line[:19], line[20:]
    pairs = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|(\S+))', rest)}
    return (when(time, '%Y-%m-%d %H:%M:%S'), pairs['transaction_id'], pairs['user'], float(pairs['amount']), pairs['currency'],
            pairs['method'], pairs['status'], pairs['note'])


READERS = {'access_combined': combined, 'linux_secure': ssh, 'WinEventLog:Security': windows, 'app:json': service,
           'payments': payment}


def load(events, path):
    """Fills a database at `path` with events: each has its `sourcetype`, `host` and `_raw` line."""
    database = sqlite3.connect(path)
    for table, columns in TABLES.values():
        database.execute(f'create table {table} (_time text, {columns}, host text)')
    for event in events:
        table, columns = TABLES[event['sourcetype']]
        row = (*READERS[event['sourcetype']](event['_raw']), event['host'])
        database.execute(f"insert into {table} values ({', '.join('?' * len(row))})", row)
    database.commit()
    database.close()


def load_files(files, path):
    """The same from files of JSON lines."""
    load((json.loads(line) for file in files for line in open(file, encoding='utf-8')), path)
