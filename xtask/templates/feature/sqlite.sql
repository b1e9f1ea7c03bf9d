-- Gadgets of ledgers, each with the request that it was created by, where that had a key.
CREATE TABLE widgets (
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    idempotency_key TEXT,
    request_fingerprint BLOB,
    PRIMARY KEY (ledger, id),
    CHECK ((idempotency_key IS NULL) = (request_fingerprint IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX widgets_by_idempotency_key ON widgets (ledger, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
