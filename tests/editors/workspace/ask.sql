-- nlq: number of delivered orders

-- nlq: name and amount in 2024

-- nlq: how happy are the unicorns
