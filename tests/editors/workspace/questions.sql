-- nlq: number of customers per country

-- nlq: customers in Germany
SELECT name, country
FROM customers
WHERE country = 'Germany';
