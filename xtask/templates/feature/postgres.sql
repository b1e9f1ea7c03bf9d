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
    CHECK ((idempotency_key IS NULL) = (request_fingerprint IS NULL))
);
CREATE UNIQUE INDEX widgets_by_idempotency_key ON widgets (idempotency_key, ledger)
    WHERE idempotency_key IS NOT NULL;
