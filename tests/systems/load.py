"""python3 tests/systems/load.py SYSTEM URL DATABASE SAMPLES

Loads a sample database (chinook, northwind, sakila) from its SQLite file below SAMPLES into a system (mongodb, opensearch,
elasticsearch, dynamodb), and prints {collection: number of documents}. The documents hold the same values everywhere, so that
what a query should answer can be computed from SQLite. For mongodb and dynamodb run it with the Python of tests/setup's part
`clients`. A URL may carry a user and a password.
"""

import argparse
import base64
import datetime
import decimal
import json
import sqlite3
import urllib.parse
import urllib.request
from pathlib import Path

from shapes import FILES, SHAPES

# Longer texts than this are for searching, not for grouping.
KEYWORD = 60


def rows(database, table):
    """The rows of a table as dicts: dates as dates, fractions as floats, without bytes and without NULL."""
    columns = [(name, kind.upper()) for _, name, kind, *_ in database.execute(f'PRAGMA table_info("{table}")')]
    for row in database.execute(f'SELECT * FROM "{table}"'):
        yield {name: value(cell, kind) for (name, kind), cell in zip(columns, row) if cell is not None and not isinstance(cell, bytes)}


def value(cell, kind):
    if isinstance(cell, str) and kind in ('DATE', 'DATETIME', 'TIMESTAMP'):
        return datetime.datetime.fromisoformat(cell)
    return float(cell) if kind.startswith(('NUMERIC', 'REAL')) else cell


def documents(database, shape):
    """The documents of a shape: the rows of its table, with rows of other tables in them."""
    found = [{name: row[name] for name in shape.get('columns', row) if name in row} for row in rows(database, shape['table'])]
    for name, (column, parent) in shape.get('objects', {}).items():
        # The key of a parent is asked for even where its shape leaves it out.
        by_key = dict(zip((row[parent['key']] for row in rows(database, parent['table'])), documents(database, parent)))
        for document in found:
            if document.get(column) in by_key:
                document[name] = by_key[document[column]]
    for name, (column, child) in shape.get('lists', {}).items():
        lists = {}
        for document in documents(database, child):
            lists.setdefault(document[column], []).append({key: cell for key, cell in document.items() if key != column})
        for document in found:
            document[name] = lists.get(document[shape['key']], [])
    return found


def into_mongodb(url, name, collections):
    import pymongo
    database = pymongo.MongoClient(url)[name]
    for collection, (shape, found) in collections.items():
        database[collection].insert_many(
            [{'_id': document[shape['key']], **{key: cell for key, cell in document.items() if key != shape['key']}}
             for document in found])
        if 'index' in shape:
            database[collection].create_index(shape['index'])


def into_search(url, name, collections):
    parts = urllib.parse.urlsplit(url)
    headers = {'content-type': 'application/json'}
    if parts.username:
        headers['authorization'] = 'Basic ' + base64.b64encode(f'{parts.username}:{parts.password}'.encode()).decode()
    base = f'{parts.scheme}://{parts.hostname}:{parts.port}'

    def send(method, path, body):
        request = urllib.request.Request(base + path, body.encode(), headers, method=method)
        return json.load(urllib.request.urlopen(request, timeout=120))

    for collection, (shape, found) in collections.items():
        index = f'{name}-{collection}'
        send('PUT', f'/{index}', json.dumps({'settings': {'number_of_shards': 1, 'number_of_replicas': 0},
                                             'mappings': {'properties': mapping(found)}}))
        lines = (json.dumps(line, default=datetime.datetime.isoformat) + '\n' for document in found
                 for line in ({'index': {'_id': document[shape['key']]}}, document))
        if send('POST', f'/{index}/_bulk?refresh=true', ''.join(lines))['errors']:
            raise SystemExit(f'{index} did not take all documents')


def mapping(found):
    """The mapping that these documents ask for: lists are nested, long texts are searched and have a keyword besides."""
    cells = {}
    for document in found:
        for name, cell in document.items():
            cells.setdefault(name, []).append(cell)
    kinds = {}
    for name, values in cells.items():
        first = values[0]
        if isinstance(first, list):
            kinds[name] = {'type': 'nested', 'properties': mapping([item for items in values for item in items])}
        elif isinstance(first, dict):
            kinds[name] = {'properties': mapping(values)}
        elif isinstance(first, str):
            long = max(map(len, map(str, values))) > KEYWORD
            kinds[name] = {'type': 'text', 'fields': {'keyword': {'type': 'keyword', 'ignore_above': 256}}} if long else {'type': 'keyword'}
        else:
            kinds[name] = {'type': {datetime.datetime: 'date', float: 'double'}.get(type(first), 'long')}
    return kinds


def into_dynamodb(url, name, collections):
    import boto3
    service = boto3.resource('dynamodb', endpoint_url=url, region_name='us-east-1', aws_access_key_id='tests',
                             aws_secret_access_key='tests')
    for collection, (shape, found) in collections.items():
        key, index = shape['key'], shape.get('index')
        kind = {column: 'S' if isinstance(next(d[column] for d in found if column in d), str) else 'N'
                for column in (key, index) if column}
        more = {} if index is None else {'GlobalSecondaryIndexes': [{
            'IndexName': f'by_{index}', 'Projection': {'ProjectionType': 'ALL'},
            'KeySchema': [{'AttributeName': index, 'KeyType': 'HASH'}, {'AttributeName': key, 'KeyType': 'RANGE'}]}]}
        table = service.create_table(
            TableName=f'{name}-{collection}', BillingMode='PAY_PER_REQUEST', KeySchema=[{'AttributeName': key, 'KeyType': 'HASH'}],
            AttributeDefinitions=[{'AttributeName': column, 'AttributeType': one} for column, one in kind.items()], **more)
        with table.batch_writer() as batch:
            for document in found:
                batch.put_item(Item=attributes(document))


def attributes(cell):
    """What the client takes: exact numbers, and dates as ISO 8601."""
    if isinstance(cell, dict):
        return {name: attributes(part) for name, part in cell.items()}
    if isinstance(cell, list):
        return [attributes(part) for part in cell]
    if isinstance(cell, float):
        return decimal.Decimal(repr(cell))
    return cell.isoformat() if isinstance(cell, datetime.datetime) else cell


INTO = {'mongodb': into_mongodb, 'opensearch': into_search, 'elasticsearch': into_search, 'dynamodb': into_dynamodb}

if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('system', choices=INTO)
    parser.add_argument('url')
    parser.add_argument('database', choices=SHAPES)
    parser.add_argument('samples', type=Path)
    given = parser.parse_args()
    source = sqlite3.connect(f'file:{given.samples / FILES[given.database]}?immutable=1', uri=True)
    made = {name: (shape, documents(source, shape)) for name, shape in SHAPES[given.database].items()}
    INTO[given.system](given.url, given.database, made)
    print(json.dumps({name: len(found) for name, (_, found) in made.items()}))
