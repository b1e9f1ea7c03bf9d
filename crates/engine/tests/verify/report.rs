//! What a report and its progress say, and what happens where the store cannot be read.

use async_trait::async_trait;
use engine::pair::MetadataPair;
use engine::port::{KeptAccount, KeptHold, LogRecord, Movements, ReadError, Snapshot};
use engine::shifted::ShiftedMovement;
use engine::verify::{Progress, Report, Stage, verify};
use ledger::{Address, Amount, Balance, BalanceKey, BalanceTotal, EntryNumber, Metadata, RootKey};

use crate::stored::{Stored, micros, posting, transaction};

/// A ledger that takes several reads of every kind.
fn large() -> Stored {
    Stored::after((0..450).map(|entry| {
        let postings =
            (0..10).map(|n| posting("world", &format!("users:{}", 10 * entry + n), "USD/2", 1)).collect();
        (transaction(postings), micros(entry))
    }))
}

#[tokio::test]
async fn a_clean_report_counts_what_was_seen() {
    let expected = Report {
        entries: 450,
        transactions: 450,
        account_changes: 0,
        transaction_changes: 0,
        holds: 0,
        postings: 4500,
        accounts: 4501,
        balances: 4501,
        sums: 1,
        movements: 4950,
        shifted_movements: 0,
        changed_accounts: 0,
        changed_transactions: 0,
        findings: vec![],
        findings_total: 0,
    };
    assert!(expected.is_clean());
    assert_eq!(verify(&mut large(), |_| {}).await.unwrap(), expected);
    let report = verify(&mut Stored::changed(), |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
    let entries = (report.entries, report.transactions, report.account_changes);
    assert_eq!((entries, report.changed_accounts, report.accounts), ((12, 5, 4), 3, 5));
    assert_eq!((report.transaction_changes, report.changed_transactions), (3, 2));
    let report = verify(&mut Stored::held(), |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.entries, report.transactions, report.holds), (13, 9, 3));
}

#[tokio::test]
async fn the_size_of_the_chunks_does_not_count() {
    for chunk_max in [1, 2, 3, 5] {
        let mut whole = Stored::changed();
        let mut parts = Stored { chunk_max, ..Stored::changed() };
        let (whole, parts) = (verify(&mut whole, |_| {}).await, verify(&mut parts, |_| {}).await);
        assert_eq!(whole.unwrap(), parts.unwrap());
    }
}

#[tokio::test]
async fn where_lists_end_does_not_count() {
    for length in [1, 3, 100] {
        let (mut as_kept, mut cut) = (large(), large());
        cut.cut_lists(length);
        let (as_kept, cut) = (verify(&mut as_kept, |_| {}).await, verify(&mut cut, |_| {}).await);
        assert_eq!(as_kept.unwrap(), cut.unwrap(), "{length}");
    }
}

#[tokio::test]
async fn a_verification_can_run_as_a_task_of_its_own() {
    let mut stored = Stored::small();
    let task = tokio::spawn(async move { verify(&mut stored, |_| {}).await });
    assert!(task.await.unwrap().unwrap().is_clean());
}

#[tokio::test]
async fn an_empty_ledger_is_clean() {
    let report = verify(&mut Stored::after([]), |_| {}).await.unwrap();
    assert_eq!(report, Report::default());
    assert!(report.is_clean());
}

#[tokio::test]
async fn progress_starts_each_stage_at_nothing_and_ends_it_at_its_total() {
    let mut seen = Vec::new();
    verify(&mut large(), |progress| seen.push(progress)).await.unwrap();
    for (stage, total) in [(Stage::Log, 450), (Stage::Balances, 4501), (Stage::Movements, 4950)] {
        let of_stage: Vec<_> = seen.iter().filter(|progress| progress.stage == stage).collect();
        assert!(of_stage.len() > 2, "{stage}");
        assert_eq!(*of_stage[0], Progress { stage, done: 0, total });
        assert_eq!(**of_stage.last().unwrap(), Progress { stage, done: total, total });
    }
    assert!(seen.is_sorted_by_key(|progress| (progress.stage, progress.done)));
}

#[tokio::test]
async fn a_report_keeps_a_hundred_findings_and_counts_the_rest() {
    let mut stored = large();
    for (_, balance) in &mut stored.balances {
        balance.pending_in = Amount::from(1);
    }
    let report = verify(&mut stored, |_| {}).await.unwrap();
    assert_eq!((report.findings.len(), report.findings_total), (Report::FINDINGS_KEPT, 4501));
    assert!(!report.is_clean());
}

#[tokio::test]
async fn a_report_is_readable_for_machines_with_amounts_as_text() {
    let mut stored = Stored::small();
    stored.head = EntryNumber(3);
    stored.entry(3).balances.clear();
    stored.balances.pop();
    stored.list("b", "USD/2", 1).entries.remove(0);
    let report = verify(&mut stored, |_| {}).await.unwrap();
    let nothing = serde_json::Value::Null;
    let counters = |posted_in: &str, posted_out: &str| {
        serde_json::json!({
            "posted_in": posted_in, "posted_out": posted_out, "pending_in": "0", "pending_out": "0",
        })
    };
    let of_entry = |account: &str, expected| {
        serde_json::json!({
            "kind": "entry_balance_differs", "entry": 3, "account": account, "asset": "USD/2",
            "expected": expected, "found": nothing,
        })
    };
    assert_eq!(
        serde_json::to_value(&report).unwrap(),
        serde_json::json!({
            "entries": 4, "transactions": 4, "account_changes": 0, "transaction_changes": 0, "holds": 0,
            "postings": 6, "accounts": 5, "balances": 7, "sums": 0, "movements": 9, "shifted_movements": 3,
            "changed_accounts": 0, "changed_transactions": 0,
            "findings": [
                of_entry("b", counters("30", "10")),
                of_entry("c", counters("10", "0")),
                of_entry("d", counters("0", "0")),
                { "kind": "head_differs", "head": 3, "log": 4 },
                {
                    "kind": "balance_differs", "account": "world", "asset": "USD/2",
                    "expected": counters("0", "100"), "found": nothing,
                },
                { "kind": "balances_not_conserved", "asset": "USD/2", "sum": "100" },
                {
                    "kind": "movements_differ", "account": "b", "asset": "USD/2",
                    "expected_movements": 2, "found_movements": 1,
                },
            ],
            "findings_total": 7,
        })
    );
}

/// A ledger of which one stage cannot be read as it should.
struct Broken {
    stored: Stored,
    stage: Stage,
    fault: Fault,
}

#[derive(Clone, Copy)]
enum Fault {
    Unavailable,
    /// From the second read on.
    Corrupt,
    /// Every read begins at the beginning.
    Endless,
}

#[derive(Debug, thiserror::Error)]
#[error("row 7")]
struct BadRow(#[source] std::num::ParseIntError);

impl Broken {
    fn changed(stage: Stage, fault: Fault) -> Self {
        let stored = if stage == Stage::Holds { Stored::held() } else { Stored::changed() };
        Self { stored: Stored { chunk_max: 2, ..stored }, stage, fault }
    }

    /// Says where a read begins that should begin after `after`.
    fn begin<T>(&self, stage: Stage, after: Option<T>) -> Result<Option<T>, ReadError> {
        if self.stage != stage {
            return Ok(after);
        }
        match self.fault {
            Fault::Unavailable => Err(ReadError::Unavailable("the disk is gone".into())),
            Fault::Corrupt if after.is_some() => {
                Err(ReadError::Corrupt(Box::new(BadRow("x".parse::<u8>().unwrap_err()))))
            }
            Fault::Corrupt => Ok(after),
            Fault::Endless => Ok(None),
        }
    }
}

#[async_trait]
impl Snapshot for Broken {
    fn next(&self) -> EntryNumber {
        self.stored.next()
    }

    async fn records(&mut self, from: EntryNumber, limit: usize) -> Result<Vec<LogRecord>, ReadError> {
        let from = self.begin(Stage::Log, Some(from).filter(|from| from.0 > 0))?.unwrap_or_default();
        self.stored.records(from, limit).await
    }

    async fn balances(
        &mut self,
        after: Option<&BalanceKey>,
        limit: usize,
    ) -> Result<Vec<(BalanceKey, Balance)>, ReadError> {
        let after = self.begin(Stage::Balances, after)?;
        self.stored.balances(after, limit).await
    }

    async fn sums(
        &mut self,
        after: Option<&RootKey>,
        limit: usize,
    ) -> Result<Vec<(RootKey, BalanceTotal)>, ReadError> {
        let after = self.begin(Stage::Sums, after)?;
        self.stored.sums(after, limit).await
    }

    async fn movements(
        &mut self,
        after: Option<&Movements>,
        limit: usize,
    ) -> Result<Vec<Movements>, ReadError> {
        let after = self.begin(Stage::Movements, after)?;
        self.stored.movements(after, limit).await
    }

    async fn accounts(
        &mut self,
        after: Option<&Address>,
        limit: usize,
    ) -> Result<Vec<KeptAccount>, ReadError> {
        let after = self.begin(Stage::Accounts, after)?;
        self.stored.accounts(after, limit).await
    }

    async fn account_changes(
        &mut self,
        after: Option<&(Address, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(Address, EntryNumber)>, ReadError> {
        let after = self.begin(Stage::Accounts, after)?;
        self.stored.account_changes(after, limit).await
    }

    async fn holds(&mut self, after: Option<EntryNumber>, limit: usize) -> Result<Vec<KeptHold>, ReadError> {
        let after = self.begin(Stage::Holds, after)?;
        self.stored.holds(after, limit).await
    }

    async fn hold_accounts(
        &mut self,
        after: Option<&(Address, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(Address, EntryNumber)>, ReadError> {
        let after = self.begin(Stage::Holds, after)?;
        self.stored.hold_accounts(after, limit).await
    }

    async fn reversals(
        &mut self,
        after: Option<EntryNumber>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, Vec<Amount>)>, ReadError> {
        let after = self.begin(Stage::Holds, after)?;
        self.stored.reversals(after, limit).await
    }

    async fn changed_transactions(
        &mut self,
        after: Option<EntryNumber>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, Metadata)>, ReadError> {
        let after = self.begin(Stage::Transactions, after)?;
        self.stored.changed_transactions(after, limit).await
    }

    async fn transaction_changes(
        &mut self,
        after: Option<(EntryNumber, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(EntryNumber, EntryNumber)>, ReadError> {
        let after = self.begin(Stage::Transactions, after)?;
        self.stored.transaction_changes(after, limit).await
    }

    async fn shifted_movements(
        &mut self,
        after: Option<&ShiftedMovement>,
        limit: usize,
    ) -> Result<Vec<ShiftedMovement>, ReadError> {
        let after = self.begin(Stage::ShiftedMovements, after)?;
        self.stored.shifted_movements(after, limit).await
    }

    async fn transactions_by_pair(
        &mut self,
        after: Option<(MetadataPair, EntryNumber)>,
        limit: usize,
    ) -> Result<Vec<(MetadataPair, EntryNumber)>, ReadError> {
        let after = self.begin(Stage::Transactions, after)?;
        self.stored.transactions_by_pair(after, limit).await
    }

    async fn accounts_by_pair(
        &mut self,
        after: Option<&(MetadataPair, Address)>,
        limit: usize,
    ) -> Result<Vec<(MetadataPair, Address)>, ReadError> {
        let after = self.begin(Stage::Accounts, after)?;
        self.stored.accounts_by_pair(after, limit).await
    }
}

const STAGES: [Stage; 7] = [
    Stage::Log,
    Stage::Balances,
    Stage::Movements,
    Stage::ShiftedMovements,
    Stage::Accounts,
    Stage::Holds,
    Stage::Transactions,
];

#[tokio::test]
async fn a_store_that_does_not_answer_ends_the_verification() {
    for stage in STAGES {
        let mut broken = Broken::changed(stage, Fault::Unavailable);
        let error = verify(&mut broken, |_| {}).await.unwrap_err();
        assert!(matches!(error, ReadError::Unavailable(_)), "{stage}: {error:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_found_and_not_taken_for_missing() {
    for stage in STAGES {
        let report = verify(&mut Broken::changed(stage, Fault::Corrupt), |_| {}).await.unwrap();
        let texts: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
        let problem = "row 7: invalid digit found in string";
        assert_eq!(texts, [format!("the {stage} cannot be read any further: {problem}")]);
    }
}

#[tokio::test]
async fn findings_of_the_log_outlast_projections_that_cannot_be_read() {
    let mut broken = Broken::changed(Stage::Balances, Fault::Corrupt);
    broken.stored.head = EntryNumber(19);
    broken.stored.movements.pop();
    let report = verify(&mut broken, |_| {}).await.unwrap();
    let kinds: Vec<_> = serde_json::to_value(&report.findings)
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["head_differs", "unreadable", "movements_differ"]);
}

#[tokio::test]
async fn a_list_without_an_end_is_found() {
    for stage in STAGES {
        let report = verify(&mut Broken::changed(stage, Fault::Endless), |_| {}).await.unwrap();
        let text = report.findings.last().unwrap().to_string();
        let problem = format!("the list of {stage} goes back to what it gave before");
        assert_eq!(text, format!("the {stage} cannot be read any further: {problem}"));
    }
}
