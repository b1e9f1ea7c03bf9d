//! The list of all points, in the order in which a command passes them.

/// Which way to write passes a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// Commands of a ledger's lane.
    Batches,
    /// Commands with a companion, which only services around this one have.
    Companions,
    /// The creation of a ledger, which has no lane yet.
    Ledgers,
    /// What callers do with schedules.
    Schedules,
    /// Occurrences of schedules.
    Occurrences,
}

/// On which stores a point is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stores {
    /// On all of them.
    All,
    /// On SQLite.
    Sqlite,
    /// On PostgreSQL.
    Postgres,
}

/// Makes the type of a point, the list of all, and what is known of each.
macro_rules! points {
    ($($(#[$about:meta])* $point:ident = $name:literal, $writes:ident, $stores:ident;)*) => {
        /// A place between two steps of the write path. What has happened by then is what its description says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Point {
            $($(#[$about])* $point,)*
        }

        impl Point {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$point,)*];

            /// Returns the name that tests use.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)*
                }
            }

            /// Returns the way to write that passes the point.
            #[must_use]
            pub const fn writes(self) -> Writes {
                match self {
                    $(Self::$point => Writes::$writes,)*
                }
            }

            /// Returns the stores on which it is passed.
            #[must_use]
            pub const fn stores(self) -> Stores {
                match self {
                    $(Self::$point => Stores::$stores,)*
                }
            }
        }
    };
}

points! {
    /// A command waits in its lane's queue.
    CommandQueued = "command-queued", Batches, All;
    /// What waited is a batch; the store has not been asked for anything.
    BatchFilled = "batch-filled", Batches, All;
    /// The long way: the ledger's head is taken, and what the batch touches is loaded.
    HeadTaken = "head-taken", Batches, All;
    /// The long way: every command of the batch is decided, and nothing is written.
    BatchDecided = "batch-decided", Batches, All;
    /// The companion is to write what goes with the entry.
    CompanionDue = "companion-due", Companions, All;
    /// The companion has written; the entry is not.
    CompanionDone = "companion-done", Companions, All;
    /// The long way: head, entries, balances and lists of movements are written, without what was changed and holds.
    SqliteRowsWritten = "sqlite-rows-written", Batches, Sqlite;
    /// The long way: all is written but not committed.
    SqliteBatchWritten = "sqlite-batch-written", Batches, Sqlite;
    /// The long way: all is written but not committed.
    PostgresBatchWritten = "postgres-batch-written", Batches, Postgres;
    /// The short way: the decided batch has a connection and has not been sent.
    PostgresAppendSending = "postgres-append-sending", Batches, Postgres;
    /// The short way: the database has answered.
    PostgresAppendAnswered = "postgres-append-answered", Batches, Postgres;
    /// The batch is committed, and no caller knows.
    BatchCommitted = "batch-committed", Batches, All;
    /// A command's outcome is on its way from the lane to the client.
    CommandAnswered = "command-answered", Batches, All;
    /// A ledger is to be created; the store has not been asked.
    LedgerAsked = "ledger-asked", Ledgers, All;
    /// The ledger is created, and only SQLite knows.
    SqliteLedgerWritten = "sqlite-ledger-written", Ledgers, Sqlite;
    /// The ledger is created, and only PostgreSQL knows.
    PostgresLedgerWritten = "postgres-ledger-written", Ledgers, Postgres;
    /// The store has answered, and the caller does not know.
    LedgerCreated = "ledger-created", Ledgers, All;
    /// The schedule is created, and the caller does not know.
    ScheduleCreated = "schedule-created", Schedules, All;
    /// The schedule is changed, and the caller does not know.
    ScheduleChanged = "schedule-changed", Schedules, All;
    /// An occurrence is claimed, and nothing has been submitted.
    ScheduleClaimed = "schedule-claimed", Occurrences, All;
    /// What came of the occurrence is known, and nowhere recorded but in the log.
    ScheduleSubmitted = "schedule-submitted", Occurrences, All;
    /// All of a change of a schedule, or of what came of an occurrence, is written but not committed.
    SqliteScheduleWritten = "sqlite-schedule-written", Occurrences, Sqlite;
    /// What came of the occurrence is recorded.
    ScheduleRecorded = "schedule-recorded", Occurrences, All;
}
