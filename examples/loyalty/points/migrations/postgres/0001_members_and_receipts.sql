-- Members of the loyalty programme. Their points are in the ledger.
CREATE TABLE points_members (
    ledger TEXT NOT NULL,
    member TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (ledger, member)
);

-- Receipts that points were awarded for, each with the entry that did.
CREATE TABLE points_receipts (
    ledger TEXT NOT NULL,
    member TEXT NOT NULL,
    entry BIGINT NOT NULL,
    receipt TEXT NOT NULL,
    spent BIGINT NOT NULL,
    points BIGINT NOT NULL,
    PRIMARY KEY (ledger, member, entry),
    UNIQUE (ledger, receipt)
);
