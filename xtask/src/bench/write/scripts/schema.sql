-- The least that a ledger in SQL has: balances, half of each page free for new versions of rows, and transfers.
CREATE TABLE accounts (
    id bigint PRIMARY KEY,
    balance bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE transfers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source bigint NOT NULL,
    destination bigint NOT NULL,
    amount bigint NOT NULL
);

INSERT INTO accounts SELECT id, 1000000000 FROM generate_series(1, 10000) AS id;
VACUUM ANALYZE accounts;
