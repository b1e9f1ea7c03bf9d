-- Ledgers, their logs, and what is derived from the logs.
--
-- Times are microseconds since 1970-01-01T00:00:00Z. Texts compare byte by byte (COLLATE "C"): a prefix is a
-- range, and the order is the same on every machine.
--
-- There are no checks: PostgreSQL reads each anew for every statement that writes, and carries it out for every row;
-- together they took an eighth of the time of a small batch. One statement writes these tables, from types that have
-- no other values, and what is read is checked when it is read.
--
-- Nothing references `ledgers`: a foreign key would lock the ledger's row once for every row that a batch
-- writes. Every statement that writes takes the ledger's id from the very row whose lock it holds.

-- A row is the head of a log as well: `next_entry` is its length and the version of all that is derived from
-- it, and its lock is the only one there is. Every batch makes a new version of the row: the room left free on
-- its page takes it, and the old one is cleared away on the way.
CREATE TABLE ledgers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    created_at bigint NOT NULL,
    metadata text NOT NULL,
    next_entry bigint NOT NULL DEFAULT 0,
    last_recorded_at bigint,
    idempotency_key text COLLATE "C" UNIQUE,
    request_fingerprint bytea
) WITH (fillfactor = 20);

-- The logs: the truth.
CREATE TABLE entries (
    ledger bigint NOT NULL,
    number bigint NOT NULL,
    kind text NOT NULL,
    recorded_at bigint NOT NULL,
    effective_at bigint NOT NULL,
    reference text COLLATE "C",
    idempotency_key text COLLATE "C",
    request_fingerprint bytea,
    body text NOT NULL,
    PRIMARY KEY (ledger, number)
);

-- Each way to an entry has one index that can serve it. By the statistics of a new ledger all indexes that know
-- the ledger are equally good, and reading the whole ledger through the wrong one as well. So the primary key
-- alone has the plain columns first; the order of effective times is by `ledger + 0` and `number + 0`, that
-- of shifted entries by `ledger - 0`, and what is found by a text by `ledger * 1`, as statements that mean them say.
CREATE UNIQUE INDEX entries_by_reference ON entries (reference, (ledger * 1)) WHERE reference IS NOT NULL;
CREATE UNIQUE INDEX entries_by_idempotency_key ON entries (idempotency_key, (ledger * 1))
WHERE idempotency_key IS NOT NULL;
CREATE INDEX entries_by_effective_time ON entries ((ledger + 0), effective_at, (number + 0));

-- Entries that count at another time than they were recorded at. All others are in the order of their effective times as
-- they are in that of their numbers. Most entries are not in it.
CREATE INDEX shifted_entries ON entries ((ledger - 0), (number - 0)) INCLUDE (effective_at)
WHERE recorded_at <> effective_at;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'nothing recorded ever changes' USING ERRCODE = 'integrity_constraint_violation';
END
$$;

-- For the statement, not for each row: it is refused even where no row matches.
CREATE TRIGGER entries_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON entries
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The four counters of every account and asset, and the numbers of the entries that moved them last, in decimal with
-- a space behind each.
--
-- A new version of a row finds room beside the old one, so that no index has to be touched: a row is inserted with `room`,
-- which its first update gives up. A fillfactor would leave as much of each page free, but it also says when a page is
-- full: PostgreSQL would look over a page for old versions whenever less than that is free, which is always.
--
-- And their sums: for each first segment under which accounts lie, and each asset, a row of that segment's name with the
-- counters of all these accounts, and no movements. Its `ledger` is the ledger's id with a minus before it, which is no
-- ledger's: who reads balances never meets a sum.
CREATE TABLE balances (
    ledger bigint NOT NULL,
    address text COLLATE "C" NOT NULL,
    asset text COLLATE "C" NOT NULL,
    posted_in numeric NOT NULL,
    posted_out numeric NOT NULL,
    pending_in numeric NOT NULL,
    pending_out numeric NOT NULL,
    recent_movements text NOT NULL,
    room text DEFAULT repeat(' ', 200),
    PRIMARY KEY (ledger, address, asset)
) WITH (fillfactor = 90);

-- For lists of accounts that moved an asset. By `ledger + 0`, so that nothing else goes through it.
CREATE INDEX balances_by_asset ON balances ((ledger + 0), asset, address);

-- The numbers of the entries that moved a balance earlier: now and then its list ends and becomes a row, of which
-- `last` is the last number. All rows of a balance and then its recent movements are all that ever moved it.
CREATE TABLE earlier_movements (
    ledger bigint NOT NULL,
    address text COLLATE "C" NOT NULL,
    asset text COLLATE "C" NOT NULL,
    last bigint NOT NULL,
    numbers text NOT NULL,
    PRIMARY KEY (ledger, address, asset, last)
);

CREATE TRIGGER movements_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON earlier_movements
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What entries moved that count at another time than they were recorded at: a row for each balance, by the later of the
-- two times. Between the two, one clock knows of it and the other does not.
CREATE TABLE shifted_movements (
    ledger bigint NOT NULL,
    address text COLLATE "C" NOT NULL,
    later_at bigint NOT NULL,
    number bigint NOT NULL,
    asset text COLLATE "C" NOT NULL,
    earlier_at bigint NOT NULL,
    posted_in numeric NOT NULL,
    posted_out numeric NOT NULL,
    PRIMARY KEY (ledger, address, later_at, number, asset)
);

CREATE TRIGGER shifted_movements_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON shifted_movements
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What is kept beside the balances of every account that was ever changed, as JSON: what it allows, and what callers
-- keep there. All other accounts have the standard policy and no metadata.
CREATE TABLE accounts (
    ledger bigint NOT NULL,
    address text COLLATE "C" NOT NULL,
    policy text NOT NULL,
    metadata text NOT NULL,
    PRIMARY KEY (ledger, address)
);

-- Which entries changed an account.
CREATE TABLE account_changes (
    ledger bigint NOT NULL,
    address text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (ledger, address, number)
);

CREATE TRIGGER account_changes_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON account_changes
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- How far every hold has come, and how much of each of its postings was captured: decimal, with a space between them.
CREATE TABLE holds (
    ledger bigint NOT NULL,
    number bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    captured text NOT NULL,
    expires_at bigint,
    PRIMARY KEY (ledger, number)
) WITH (fillfactor = 80);

-- Those that are open are found by number and by expiry. As with the entries, plain columns are the primary key's.
CREATE INDEX open_holds ON holds ((ledger + 0), (number + 0)) WHERE state = 'open';
CREATE INDEX open_holds_by_expiry ON holds (expires_at, ledger, number)
WHERE state = 'open' AND expires_at IS NOT NULL;

-- Which holds name an account.
CREATE TABLE hold_accounts (
    ledger bigint NOT NULL,
    address text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (ledger, address, number)
);

CREATE TRIGGER hold_accounts_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON hold_accounts
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- How much of each posting was reversed, of the transactions that ever were: decimal, with a space between them.
CREATE TABLE reversals (
    ledger bigint NOT NULL,
    number bigint NOT NULL,
    reversed text NOT NULL,
    PRIMARY KEY (ledger, number)
);

-- What is kept beside every transaction that was ever changed, as JSON. Beside all others it is what was recorded.
CREATE TABLE changed_transactions (
    ledger bigint NOT NULL,
    number bigint NOT NULL,
    metadata text NOT NULL,
    PRIMARY KEY (ledger, number)
);

-- Which entries changed what is kept beside a transaction.
CREATE TABLE transaction_changes (
    ledger bigint NOT NULL,
    changed bigint NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (ledger, changed, number)
);

CREATE TRIGGER transaction_changes_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON transaction_changes
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What transactions and accounts are found by: a row for each key of metadata with its value, as they are now. `pair` is
-- made of both, and not of them alone: whoever looks one up looks at the metadata as well.
CREATE TABLE transaction_pairs (
    ledger bigint NOT NULL,
    pair bigint NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (ledger, pair, number)
);

CREATE TABLE account_pairs (
    ledger bigint NOT NULL,
    pair bigint NOT NULL,
    address text COLLATE "C" NOT NULL,
    PRIMARY KEY (ledger, pair, address)
);

-- Schedules: what is to be posted later. They are administration: no log and no balance depends on them, and they
-- change. `definition` is JSON and never changes. `wake_at` is when somebody has to look at the schedule: at its next
-- occurrence, or when whoever claimed that may have died.
CREATE TABLE schedules (
    ledger bigint NOT NULL,
    id bigint NOT NULL,
    created_at bigint NOT NULL,
    definition text NOT NULL,
    version bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    since bigint NOT NULL,
    next_at bigint,
    lease_until bigint,
    wake_at bigint,
    attempts bigint NOT NULL,
    changed_at bigint NOT NULL,
    PRIMARY KEY (ledger, id)
) WITH (fillfactor = 70);

CREATE INDEX schedules_by_state ON schedules (ledger, state, id);
CREATE INDEX schedules_by_waking ON schedules (wake_at) WHERE wake_at IS NOT NULL;

-- By the id of a ledger: the number that its next schedule gets, and how many of its schedules are active or paused.
CREATE TABLE schedule_counts (
    id bigint PRIMARY KEY,
    next_id bigint NOT NULL,
    open bigint NOT NULL
);

-- What came of every occurrence that was run.
CREATE TABLE schedule_runs (
    ledger bigint NOT NULL,
    schedule bigint NOT NULL,
    due_at bigint NOT NULL,
    recorded_at bigint NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    entry bigint,
    code text,
    detail text,
    PRIMARY KEY (ledger, schedule, due_at)
);

-- What callers did to schedules under a key, and how the schedule stood afterwards.
CREATE TABLE schedule_requests (
    ledger bigint NOT NULL,
    idempotency_key text COLLATE "C" NOT NULL,
    request_fingerprint bytea NOT NULL,
    schedule bigint NOT NULL,
    version bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    since bigint NOT NULL,
    next_at bigint,
    lease_until bigint,
    attempts bigint NOT NULL,
    changed_at bigint NOT NULL,
    PRIMARY KEY (ledger, idempotency_key)
);

CREATE TRIGGER schedule_requests_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON schedule_requests
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- API keys, without their secrets: of those there are digests only.
CREATE TABLE api_keys (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    digest bytea NOT NULL,
    name text NOT NULL,
    grants text NOT NULL,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    expires_at bigint,
    revoked_at bigint,
    last_used_at bigint
) WITH (fillfactor = 70);

-- What was done to keys, ledgers and what they allow, and who was refused. `entry` is what it made in its ledger's log.
CREATE TABLE audit_records (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at bigint NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    address text,
    request_id text,
    entry bigint,
    count bigint NOT NULL
);

-- How the trail is listed, by each filter; `at + 0`, so that there is one way for each.
CREATE INDEX audit_records_by_time ON audit_records ((at + 0), id);
CREATE INDEX audit_records_by_actor ON audit_records (actor, at, id);
CREATE INDEX audit_records_by_action ON audit_records (action, at, id);
CREATE INDEX audit_records_by_subject ON audit_records (subject, at, id);

CREATE TRIGGER audit_records_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_records
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Users. Addresses that differ in nothing but case are one. Of a password there is a digest only, which takes long to
-- make; `version` counts the changes.
CREATE TABLE users (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    version bigint NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    email_folded text COLLATE "C" NOT NULL UNIQUE,
    email_verified_at bigint,
    state text COLLATE "C" NOT NULL,
    grants text NOT NULL,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    password text,
    password_set_at bigint,
    CHECK ((password IS NULL) = (password_set_at IS NULL))
) WITH (fillfactor = 70);

CREATE INDEX users_by_state ON users (state, number);

-- The keys that access tokens are signed with; the private parts are sealed.
CREATE TABLE signing_keys (
    number bigint PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    public bytea NOT NULL,
    sealed bytea NOT NULL,
    created_at bigint NOT NULL,
    signs_from bigint NOT NULL,
    revoked_at bigint
);

-- Sessions of users, without their secrets: of those there are digests only.
CREATE TABLE sessions (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    digest bytea NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    address text,
    user_agent text,
    revoked_at bigint
) WITH (fillfactor = 70);

CREATE INDEX sessions_by_user ON sessions (user_id, number);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Mailed links, one of each kind for a user: digests of their secrets, and the address that they were mailed to.
CREATE TABLE mailed_links (
    user_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    digest bytea NOT NULL UNIQUE,
    email text NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (user_id, kind)
);

-- The secrets of second factors, sealed. One counts once it is confirmed.
CREATE TABLE totp_secrets (
    user_id text COLLATE "C" PRIMARY KEY,
    sealed bytea NOT NULL,
    created_at bigint NOT NULL,
    confirmed_at bigint,
    last_step bigint
) WITH (fillfactor = 70);

-- The digests of recovery codes that are left.
CREATE TABLE recovery_codes (
    user_id text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    PRIMARY KEY (user_id, digest)
);
