-- nlq: number of delivered orders

-- nlq: names of customers and the amount in 2024

-- nlq: how happy are the unicorns
