-- nlq: number of customers per country

-- nlq: cancelled orders
SELECT id, status, total_amount
FROM orders
WHERE status = 'cancelled';
