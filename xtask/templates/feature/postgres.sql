-- Gadgets of ledgers, each with the request that it was created by, where that had a key.
CREATE TABLE widgets (
    ledger bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    idempotency_key text COLLATE "C",
    request_fingerprint bytea,
    PRIMARY KEY (ledger, id),
    UNIQUE (ledger, idempotency_key),
    CHECK ((idempotency_key IS NULL) = (request_fingerprint IS NULL))
);
