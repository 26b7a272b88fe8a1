"""A report of the shop. Put the cursor on a question, open the code actions and pick "Generate"."""

import sqlite3

shop = sqlite3.connect("shop.db")


def order_values():
    # nlq: average order value per year
    return shop.execute(query).fetchall()


def cancelled():
    # nlq: how many orders were cancelled in 2024
    return shop.execute(query).fetchall()


def cities():
    # nlq: number of customers per city, highest first
    return shop.execute(query).fetchall()
