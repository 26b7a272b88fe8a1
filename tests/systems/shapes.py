"""How the tables of the sample databases become documents.

A shape has the `table` and its `key`, the `columns` that it keeps (all, unless told), `objects`: {field: (column, shape of the row
that the column refers to)}, `lists`: {field: (the column that refers back, shape of the rows)}, and `index`: a column that is
searched by.
"""

FILES = {'chinook': 'chinook/Chinook_Sqlite.sqlite', 'northwind': 'northwind/northwind.sqlite', 'sakila': 'sakila/sakila.sqlite'}


def named(table, key, *columns):
    return {'table': table, 'key': key, 'columns': columns}


SHAPES = {
    'chinook': {
        'customers': {'table': 'Customer', 'key': 'CustomerId', 'index': 'Country'},
        'employees': {'table': 'Employee', 'key': 'EmployeeId'},
        'invoices': {
            'table': 'Invoice', 'key': 'InvoiceId', 'index': 'CustomerId',
            'lists': {'Lines': ('InvoiceId', {'table': 'InvoiceLine', 'key': 'InvoiceLineId'})},
        },
        'tracks': {
            'table': 'Track', 'key': 'TrackId', 'index': 'GenreId',
            'objects': {
                'Album': ('AlbumId', named('Album', 'AlbumId', 'Title', 'ArtistId')),
                'Genre': ('GenreId', named('Genre', 'GenreId', 'Name')),
                'MediaType': ('MediaTypeId', named('MediaType', 'MediaTypeId', 'Name')),
            },
        },
        'artists': {
            'table': 'Artist', 'key': 'ArtistId', 'lists': {'Albums': ('ArtistId', {'table': 'Album', 'key': 'AlbumId'})},
        },
    },
    'northwind': {
        'customers': {'table': 'Customers', 'key': 'CustomerID', 'index': 'Country'},
        'employees': {'table': 'Employees', 'key': 'EmployeeID'},
        'suppliers': {'table': 'Suppliers', 'key': 'SupplierID'},
        'products': {
            'table': 'Products', 'key': 'ProductID', 'index': 'CategoryID',
            'objects': {'Category': ('CategoryID', named('Categories', 'CategoryID', 'CategoryName', 'Description'))},
        },
        'orders': {
            'table': 'Orders', 'key': 'OrderID', 'index': 'CustomerID',
            'objects': {'Shipper': ('ShipVia', named('Shippers', 'ShipperID', 'CompanyName', 'Phone'))},
            'lists': {'Details': ('OrderID', {'table': 'Order Details', 'key': 'ProductID'})},
        },
    },
    'sakila': {
        'films': {
            'table': 'film', 'key': 'film_id', 'index': 'rating',
            'objects': {'language': ('language_id', named('language', 'language_id', 'name'))},
            'lists': {'actors': ('film_id', {'table': 'film_actor', 'key': 'actor_id', 'objects': {
                'actor': ('actor_id', named('actor', 'actor_id', 'first_name', 'last_name'))}})},
        },
        'customers': {
            'table': 'customer', 'key': 'customer_id', 'index': 'store_id',
            'objects': {'address': ('address_id', named('address', 'address_id', 'address', 'district', 'postal_code', 'phone'))},
        },
        'rentals': {
            'table': 'rental', 'key': 'rental_id', 'index': 'customer_id',
            'lists': {'payments': ('rental_id', named('payment', 'payment_id', 'payment_id', 'rental_id', 'amount', 'payment_date'))},
        },
    },
}
