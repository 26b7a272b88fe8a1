-- Times are milliseconds since 1970, UTC. Ids are random hexadecimal digits.

-- Questions that belong together: a prompt, its clarifications and what continues it.
CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    workspace TEXT NOT NULL,
    connection TEXT NOT NULL,
    document TEXT,
    opening TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'completed', 'abandoned')),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX conversations_by_time ON conversations (workspace, updated_at);

-- One question each, with its audit row: `record` is the TurnRecord as JSON, without what stands in columns of its own.
CREATE TABLE turns (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    turn_number INTEGER NOT NULL,
    workspace TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    record TEXT NOT NULL,
    reasoning TEXT,
    UNIQUE (conversation_id, turn_number)
) STRICT;
CREATE INDEX turns_by_time ON turns (workspace, created_at);

-- What models cost, a row a day: kept when turns are pruned, so that budgets stay true.
CREATE TABLE spending (
    workspace TEXT NOT NULL,
    day TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    cost_usd REAL NOT NULL,
    PRIMARY KEY (workspace, day)
) STRICT, WITHOUT ROWID;
