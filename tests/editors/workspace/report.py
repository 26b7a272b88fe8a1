"""Monthly report."""


def orders_by_status(db):
    # nlq: number of orders per status
    return db.execute(query).fetchall()
