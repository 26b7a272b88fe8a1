"""python3 tests/eval/beyond/dynamodb_load.py URL DATABASE: the sample database Chinook as tables of DynamoDB with keys and indexes,
for dynamodb.jsonl. Run it with the Python of tests/setup's part `clients`.

    customers  CustomerId                 index by_country: Country, LastName
    employees  EmployeeId                 index by_manager: ReportsTo, LastName; the address is a map
    invoices   CustomerId, InvoiceDate    indexes by_country: BillingCountry, InvoiceDate (carries InvoiceId and Total);
                                          by_total (local): CustomerId, Total; by_number: InvoiceId
    albums     ArtistId, AlbumId          index by_title: Title
    tracks     AlbumId, TrackId           index by_genre: Genre, Name; the media type is a map
NULL is left out; moments are ISO 8601.
"""

import decimal
import sqlite3
import sys

import boto3

TABLES = {
    'customers': ('SELECT * FROM Customer', ['CustomerId'], {'by_country': ['Country', 'LastName']}, {}),
    'employees': ('SELECT * FROM Employee', ['EmployeeId'], {'by_manager': ['ReportsTo', 'LastName']}, {}),
    'invoices': ('SELECT InvoiceId, CustomerId, InvoiceDate, BillingCity, BillingCountry, Total FROM Invoice',
                 ['CustomerId', 'InvoiceDate'],
                 {'by_country': ['BillingCountry', 'InvoiceDate'], 'by_number': ['InvoiceId']}, {'by_total': ['CustomerId', 'Total']}),
    'albums': ('SELECT * FROM Album', ['ArtistId', 'AlbumId'], {'by_title': ['Title']}, {}),
    'tracks': ('SELECT t.TrackId, t.AlbumId, t.Name, t.Composer, t.Milliseconds, t.UnitPrice, g.Name AS Genre, t.MediaTypeId, '
               'm.Name AS MediaName FROM Track t JOIN Genre g USING (GenreId) JOIN MediaType m USING (MediaTypeId)',
               ['AlbumId', 'TrackId'], {'by_genre': ['Genre', 'Name']}, {}),
}
CARRIED = {('invoices', 'by_country'): ['InvoiceId', 'Total']}
ADDRESS = ['Address', 'City', 'State', 'Country', 'PostalCode']


def item(table, row):
    cells = {name: value(name, cell) for name, cell in row.items() if cell is not None}
    if table == 'employees':
        cells['Home'] = {name: cells.pop(name) for name in ADDRESS if name in cells}
    if table == 'tracks':
        cells['MediaType'] = {'Id': cells.pop('MediaTypeId'), 'Name': cells.pop('MediaName')}
    return cells


def value(name, cell):
    if isinstance(cell, float):
        return decimal.Decimal(repr(cell))
    return cell.replace(' ', 'T') if name.endswith('Date') else cell


def keys(names):
    return [{'AttributeName': name, 'KeyType': kind} for name, kind in zip(names, ('HASH', 'RANGE'))]


def projection(table, index):
    if (table, index) not in CARRIED:
        return {'ProjectionType': 'ALL'}
    return {'ProjectionType': 'INCLUDE', 'NonKeyAttributes': CARRIED[table, index]}


url, database = sys.argv[1:]
source = sqlite3.connect(f'file:{database}?immutable=1', uri=True)
source.row_factory = sqlite3.Row
service = boto3.resource('dynamodb', endpoint_url=url, region_name='us-east-1', aws_access_key_id='tests', aws_secret_access_key='tests')
for name, (query, own, shared, local) in TABLES.items():
    items = [item(name, dict(row)) for row in source.execute(query)]
    used = dict.fromkeys(column for names in (own, *shared.values(), *local.values()) for column in names)
    kind = {column: 'S' if isinstance(next(one[column] for one in items if column in one), str) else 'N' for column in used}
    made = lambda indexes: [{'IndexName': index, 'KeySchema': keys(names), 'Projection': projection(name, index)}
                            for index, names in indexes.items()]
    more = {'LocalSecondaryIndexes': made(local)} if local else {}
    table = service.create_table(
        TableName=name, BillingMode='PAY_PER_REQUEST', KeySchema=keys(own), GlobalSecondaryIndexes=made(shared),
        AttributeDefinitions=[{'AttributeName': column, 'AttributeType': one} for column, one in kind.items()], **more)
    with table.batch_writer() as batch:
        for one in items:
            batch.put_item(Item=one)
    print(f'{name}: {len(items)} items')
