-- A report of the shop. A comment that begins with "nlq:" is a question; the statement below it is its answer.

-- nlq: total revenue per country, highest first

-- nlq: the 10 most expensive products with their category

-- nlq: number of big orders in 2024

-- nlq: customers from Germany who signed up in 2023
