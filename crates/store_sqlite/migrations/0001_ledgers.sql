-- Ledgers, their logs, and what is derived from the logs.
--
-- Times are microseconds since 1970-01-01T00:00:00Z. Columns of type ANY hold a whole number: an INTEGER
-- where it fits 64 bits, else its decimal digits as TEXT.

-- A row is the head of a log as well: `next_entry` is its length and the version of all that is
-- derived from it.
CREATE TABLE ledgers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    next_entry INTEGER NOT NULL DEFAULT 0 CHECK (next_entry >= 0),
    last_recorded_at INTEGER,
    idempotency_key TEXT UNIQUE,
    request_fingerprint BLOB,
    CHECK ((idempotency_key IS NULL) = (request_fingerprint IS NULL))
) STRICT;

-- The logs: the truth.
CREATE TABLE entries (
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    number INTEGER NOT NULL CHECK (number >= 0),
    kind TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    effective_at INTEGER NOT NULL,
    reference TEXT,
    idempotency_key TEXT,
    request_fingerprint BLOB,
    body TEXT NOT NULL,
    PRIMARY KEY (ledger, number),
    CHECK ((idempotency_key IS NULL) = (request_fingerprint IS NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX entries_by_reference ON entries (ledger, reference) WHERE reference IS NOT NULL;
CREATE UNIQUE INDEX entries_by_idempotency_key ON entries (ledger, idempotency_key)
WHERE idempotency_key IS NOT NULL;
CREATE INDEX entries_by_effective_time ON entries (ledger, effective_at, number);

-- Entries that count at another time than they were recorded at. All others are in the order of their effective times as
-- they are in that of their numbers. Most entries are not in it.
CREATE INDEX shifted_entries ON entries (ledger, number, effective_at, recorded_at)
WHERE recorded_at <> effective_at;

CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries
BEGIN
    SELECT RAISE(ABORT, 'nothing recorded ever changes');
END;

CREATE TRIGGER entries_never_vanish BEFORE DELETE ON entries
BEGIN
    SELECT RAISE(ABORT, 'nothing recorded ever vanishes');
END;

-- The four counters of every account and asset, and the last of the entries that moved it: a list of their
-- numbers, in decimal, each with a space behind it.
--
-- And their sums: for each first segment under which accounts lie, and each asset, a row of that segment's name with the
-- counters of all these accounts, and no movements. Its `ledger` is the ledger's id with a minus before it, which is no
-- ledger's: who reads balances never meets a sum.
CREATE TABLE balances (
    ledger INTEGER NOT NULL,
    address TEXT NOT NULL,
    asset TEXT NOT NULL,
    posted_in ANY NOT NULL,
    posted_out ANY NOT NULL,
    pending_in ANY NOT NULL,
    pending_out ANY NOT NULL,
    recent_movements TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (ledger, address, asset)
) STRICT, WITHOUT ROWID;

-- For lists of accounts that moved an asset.
CREATE INDEX balances_by_asset ON balances (ledger, asset, address);

-- The entries that moved a balance before those: now and then its list ends and becomes a row here, of which
-- `last` is the last number. The rows of a balance and then its recent movements are all that ever moved it.
CREATE TABLE earlier_movements (
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    address TEXT NOT NULL,
    asset TEXT NOT NULL,
    last INTEGER NOT NULL,
    numbers TEXT NOT NULL,
    PRIMARY KEY (ledger, address, asset, last)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER earlier_movements_never_change BEFORE UPDATE ON earlier_movements
BEGIN
    SELECT RAISE(ABORT, 'nothing recorded ever changes');
END;

CREATE TRIGGER earlier_movements_never_vanish BEFORE DELETE ON earlier_movements
BEGIN
    SELECT RAISE(ABORT, 'nothing recorded ever vanishes');
END;

-- What entries moved that count at another time than they were recorded at: a row for each balance, by the later of the
-- two times. Between the two, one clock knows of it and the other does not.
CREATE TABLE shifted_movements (
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    address TEXT NOT NULL,
    later_at INTEGER NOT NULL,
    number INTEGER NOT NULL,
    asset TEXT NOT NULL,
    earlier_at INTEGER NOT NULL,
    posted_in ANY NOT NULL,
    posted_out ANY NOT NULL,
    PRIMARY KEY (ledger, address, later_at, number, asset)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER shifted_movements_never_change BEFORE UPDATE ON shifted_movements
BEGIN
    SELECT RAISE(ABORT, 'nothing recorded ever changes');
END;

CREATE TRIGGER shifted_movements_never_vanish BEFORE DELETE ON shifted_movements
BEGIN
    SELECT RAISE(ABORT, 'nothing recorded ever vanishes');
END;

-- What is kept beside the balances of every account that was ever changed, as JSON: what it allows, and what callers
-- keep there. All other accounts have the standard policy and no metadata.
CREATE TABLE accounts (
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    address TEXT NOT NULL,
    policy TEXT NOT NULL,
    metadata TEXT NOT NULL,
    PRIMARY KEY (ledger, address)
) STRICT, WITHOUT ROWID;

-- Which entries changed an account.
CREATE TABLE account_changes (
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    address TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (ledger, address, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER account_changes_never_change BEFORE UPDATE ON account_changes
BEGIN
    SELECT RAISE(ABORT, 'nothing recorded ever changes');
END;

CREATE TRIGGER account_changes_never_vanish BEFORE DELETE ON account_changes
BEGIN
    SELECT RAISE(ABORT, 'nothing recorded ever vanishes');
END;

-- How far every hold has come, and how much of each of its postings was captured: decimal, with a space between them.
CREATE TABLE holds (
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    captured TEXT NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (ledger, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX open_holds ON holds (ledger, number) WHERE state = 'open';
CREATE INDEX open_holds_by_expiry ON holds (expires_at, ledger, number)
WHERE state = 'open' AND expires_at IS NOT NULL;

-- Which holds name an account.
CREATE TABLE hold_accounts (
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    address TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (ledger, address, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER hold_accounts_never_change BEFORE UPDATE ON hold_accounts
BEGIN
    SELECT RAISE(ABORT, 'nothing recorded ever changes');
END;

CREATE TRIGGER hold_accounts_never_vanish BEFORE DELETE ON hold_accounts
BEGIN
    SELECT RAISE(ABORT, 'nothing recorded ever vanishes');
END;

-- How much of each posting was reversed, of the transactions that ever were: decimal, with a space between them.
CREATE TABLE reversals (
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    number INTEGER NOT NULL,
    reversed TEXT NOT NULL,
    PRIMARY KEY (ledger, number)
) STRICT, WITHOUT ROWID;

-- What is kept beside every transaction that was ever changed, as JSON. Beside all others it is what was recorded.
CREATE TABLE changed_transactions (
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    number INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    PRIMARY KEY (ledger, number)
) STRICT, WITHOUT ROWID;

-- Which entries changed what is kept beside a transaction.
CREATE TABLE transaction_changes (
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    changed INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (ledger, changed, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER transaction_changes_never_change BEFORE UPDATE ON transaction_changes
BEGIN
    SELECT RAISE(ABORT, 'nothing recorded ever changes');
END;

CREATE TRIGGER transaction_changes_never_vanish BEFORE DELETE ON transaction_changes
BEGIN
    SELECT RAISE(ABORT, 'nothing recorded ever vanishes');
END;

-- What transactions and accounts are found by: a row for each key of metadata with its value, as they are now. `pair` is
-- made of both, and not of them alone: whoever looks one up looks at the metadata as well.
CREATE TABLE transaction_pairs (
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    pair INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (ledger, pair, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE account_pairs (
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    pair INTEGER NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (ledger, pair, address)
) STRICT, WITHOUT ROWID;

-- What a batch writes: rows of one INSERT into this view, which never shows any. What a row means says its kind, and the
-- trigger of that kind what its values are. So a batch is one statement, all of which happens or nothing.
--
-- A trigger for each kind, for SQLite goes through all statements of one whatever their conditions are.
CREATE VIEW batches (kind, ledger, v1, v2, v3, v4, v5, v6, v7, v8) AS
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE false;

-- The head goes on where it stands where it is expected: name, next entry and time from now on, next entry and time so
-- far.
CREATE TRIGGER batches_head INSTEAD OF INSERT ON batches WHEN NEW.kind = 'head'
BEGIN
    UPDATE ledgers SET next_entry = NEW.v2, last_recorded_at = NEW.v3
    WHERE id = NEW.ledger AND name = NEW.v1 AND next_entry = NEW.v4 AND last_recorded_at IS NEW.v5;
    SELECT RAISE(ABORT, 'stale') WHERE changes() = 0;
END;

-- An idempotency key that has to be unused so far.
CREATE TRIGGER batches_unused_key INSTEAD OF INSERT ON batches WHEN NEW.kind = 'unused key'
BEGIN
    SELECT RAISE(ABORT, 'stale') FROM entries WHERE ledger = NEW.ledger AND idempotency_key = NEW.v1;
END;

-- A reference that has to be unused so far.
CREATE TRIGGER batches_unused_reference INSTEAD OF INSERT ON batches WHEN NEW.kind = 'unused reference'
BEGIN
    SELECT RAISE(ABORT, 'stale') FROM entries WHERE ledger = NEW.ledger AND reference = NEW.v1;
END;

-- An entry: its columns.
CREATE TRIGGER batches_entry INSTEAD OF INSERT ON batches WHEN NEW.kind = 'entry'
BEGIN
    INSERT INTO entries (ledger, number, kind, recorded_at, effective_at, reference, idempotency_key,
        request_fingerprint, body)
    VALUES (NEW.ledger, NEW.v1, NEW.v2, NEW.v3, NEW.v4, NEW.v5, NEW.v6, NEW.v7, NEW.v8);
END;

-- What a transaction is found by: the pair, and its number.
CREATE TRIGGER batches_pair INSTEAD OF INSERT ON batches WHEN NEW.kind = 'pair'
BEGIN
    INSERT INTO transaction_pairs (ledger, pair, number) VALUES (NEW.ledger, NEW.v1, NEW.v2);
END;

-- What was moved at another time: the columns of `shifted_movements`.
CREATE TRIGGER batches_shifted INSTEAD OF INSERT ON batches WHEN NEW.kind = 'shifted'
BEGIN
    INSERT INTO shifted_movements (ledger, address, later_at, number, asset, earlier_at, posted_in, posted_out)
    VALUES (NEW.ledger, NEW.v1, NEW.v2, NEW.v3, NEW.v4, NEW.v5, NEW.v6, NEW.v7);
END;

-- A balance: address, asset, its four counters from now on, and the numbers that join its recent movements.
CREATE TRIGGER batches_balance INSTEAD OF INSERT ON batches WHEN NEW.kind = 'balance'
BEGIN
    INSERT INTO balances (ledger, address, asset, posted_in, posted_out, pending_in, pending_out, recent_movements)
    VALUES (NEW.ledger, NEW.v1, NEW.v2, NEW.v3, NEW.v4, NEW.v5, NEW.v6, NEW.v7)
    ON CONFLICT (ledger, address, asset) DO UPDATE SET posted_in = excluded.posted_in,
        posted_out = excluded.posted_out, pending_in = excluded.pending_in, pending_out = excluded.pending_out,
        recent_movements = recent_movements || excluded.recent_movements;
END;

-- The same of a balance whose list ends with these numbers, and the last of them.
CREATE TRIGGER batches_balance_and_list INSTEAD OF INSERT ON batches WHEN NEW.kind = 'balance and list'
BEGIN
    INSERT INTO earlier_movements (ledger, address, asset, last, numbers)
    VALUES (NEW.ledger, NEW.v1, NEW.v2, NEW.v8, ifnull((
        SELECT recent_movements FROM balances
        WHERE ledger = NEW.ledger AND address = NEW.v1 AND asset = NEW.v2
    ), '') || NEW.v7);
    INSERT INTO balances (ledger, address, asset, posted_in, posted_out, pending_in, pending_out)
    VALUES (NEW.ledger, NEW.v1, NEW.v2, NEW.v3, NEW.v4, NEW.v5, NEW.v6)
    ON CONFLICT (ledger, address, asset) DO UPDATE SET posted_in = excluded.posted_in,
        posted_out = excluded.posted_out, pending_in = excluded.pending_in, pending_out = excluded.pending_out,
        recent_movements = '';
END;

-- Schedules: what is to be posted later. They are administration: no log and no balance depends on them, and they
-- change. `definition` is JSON and never changes. `wake_at` is when somebody has to look at the schedule: at its next
-- occurrence, or when whoever claimed that may have died.
CREATE TABLE schedules (
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    id INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    definition TEXT NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    next_at INTEGER,
    lease_until INTEGER,
    wake_at INTEGER,
    attempts INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (ledger, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX schedules_by_state ON schedules (ledger, state, id);
CREATE INDEX schedules_by_waking ON schedules (wake_at) WHERE wake_at IS NOT NULL;

-- By the id of a ledger: the number that its next schedule gets, and how many of its schedules are active or paused.
CREATE TABLE schedule_counts (
    id INTEGER PRIMARY KEY REFERENCES ledgers (id),
    next_id INTEGER NOT NULL,
    open INTEGER NOT NULL CHECK (open >= 0)
) STRICT;

-- What came of every occurrence that was run.
CREATE TABLE schedule_runs (
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    schedule INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    entry INTEGER,
    code TEXT,
    detail TEXT,
    PRIMARY KEY (ledger, schedule, due_at)
) STRICT, WITHOUT ROWID;

-- What callers did to schedules under a key, and how the schedule stood afterwards.
CREATE TABLE schedule_requests (
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    idempotency_key TEXT NOT NULL,
    request_fingerprint BLOB NOT NULL,
    schedule INTEGER NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    next_at INTEGER,
    lease_until INTEGER,
    attempts INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (ledger, idempotency_key)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER schedule_requests_never_change BEFORE UPDATE ON schedule_requests
BEGIN
    SELECT RAISE(ABORT, 'nothing recorded ever changes');
END;

CREATE TRIGGER schedule_requests_never_vanish BEFORE DELETE ON schedule_requests
BEGIN
    SELECT RAISE(ABORT, 'nothing recorded ever vanishes');
END;

-- API keys, without their secrets: of those there are digests only.
CREATE TABLE api_keys (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    digest BLOB NOT NULL,
    name TEXT NOT NULL,
    grants TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER
) STRICT;

-- What was done to keys, ledgers and what they allow, and who was refused. `entry` is what it made in its ledger's log.
CREATE TABLE audit_records (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    address TEXT,
    request_id TEXT,
    entry INTEGER,
    count INTEGER NOT NULL
) STRICT;

-- How the trail is listed, by each filter.
CREATE INDEX audit_records_by_time ON audit_records (at, id);
CREATE INDEX audit_records_by_actor ON audit_records (actor, at, id);
CREATE INDEX audit_records_by_action ON audit_records (action, at, id);
CREATE INDEX audit_records_by_subject ON audit_records (subject, at, id);

CREATE TRIGGER audit_records_never_change BEFORE UPDATE ON audit_records
BEGIN
    SELECT RAISE(ABORT, 'nothing recorded ever changes');
END;

CREATE TRIGGER audit_records_never_vanish BEFORE DELETE ON audit_records
BEGIN
    SELECT RAISE(ABORT, 'nothing recorded ever vanishes');
END;

-- Users. Addresses that differ in nothing but case are one. Of a password there is a digest only, which takes long to
-- make; `version` counts the changes.
CREATE TABLE users (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL UNIQUE,
    email_verified_at INTEGER,
    state TEXT NOT NULL,
    grants TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    password TEXT,
    password_set_at INTEGER,
    CHECK ((password IS NULL) = (password_set_at IS NULL))
) STRICT;

CREATE INDEX users_by_state ON users (state, number);

-- The keys that access tokens are signed with; the private parts are sealed.
CREATE TABLE signing_keys (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    public BLOB NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    signs_from INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

-- Sessions of users, without their secrets: of those there are digests only.
CREATE TABLE sessions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    digest BLOB NOT NULL,
    user_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    address TEXT,
    user_agent TEXT,
    revoked_at INTEGER
) STRICT;

CREATE INDEX sessions_by_user ON sessions (user_id, number);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Mailed links, one of each kind for a user: digests of their secrets, and the address that they were mailed to.
CREATE TABLE mailed_links (
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    email TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, kind)
) STRICT;

-- The secrets of second factors, sealed. One counts once it is confirmed.
CREATE TABLE totp_secrets (
    user_id TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    last_step INTEGER
) STRICT;

-- The digests of recovery codes that are left.
CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (user_id, digest)
) STRICT, WITHOUT ROWID;
