//! `server verify`.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use app_base::configuration::DatabaseConfig;
use app_base::storage::{self, IfMissing};
use engine::port::{ReadError, Store};
use engine::verify::{Progress, Report};
use ledger::LedgerName;
use serde_json::json;

use super::print;
use super::progress::{Shown, Unit};
use crate::arguments::{ReportFormat, Verify};

/// Something does not hold.
const FINDINGS: u8 = 1;

/// How many ledgers are listed at once.
const LEDGERS_PER_READ: usize = 100;

/// Verifies ledgers and reports.
pub(super) async fn verify(config: &DatabaseConfig, asked: &Verify) -> anyhow::Result<ExitCode> {
    let named = asked
        .ledgers
        .iter()
        .map(|name| LedgerName::parse(name).map_err(|_| anyhow::anyhow!("`{name}` is no name for a ledger")));
    let named = named.collect::<anyhow::Result<Vec<_>>>()?;
    let storage = storage::open(config, IfMissing::Fail).await?;
    if !storage.schema().await?.missing.is_empty() {
        bail!("the database's schema is not up to date: run `server migrate`");
    }
    let store = storage.store();
    let reports = verify_all(&store, named, asked.format).await;
    store.close().await;
    let reports = reports?;

    if asked.format == ReportFormat::Json {
        let ledgers: Vec<_> = reports.iter().map(|(name, report)| as_json(name, report)).collect();
        print(&format!("{:#}\n", json!({ "clean": clean(&reports), "ledgers": ledgers })))?;
    }
    Ok(if clean(&reports) { ExitCode::SUCCESS } else { ExitCode::from(FINDINGS) })
}

/// Verifies the ledgers named, or all where none is, and tells of each as soon as it is done where that is for people.
///
/// # Errors
/// When it could not be found out.
pub(super) async fn verify_all(
    store: &Arc<dyn Store>,
    named: Vec<LedgerName>,
    format: ReportFormat,
) -> anyhow::Result<Vec<(LedgerName, Report)>> {
    let ledgers = if named.is_empty() { all(&**store).await? } else { named };
    if ledgers.is_empty() && format == ReportFormat::Text {
        print("there are no ledgers\n")?;
    }
    let mut reports = Vec::new();
    for name in ledgers {
        let report = verify_one(&**store, &name).await?;
        if format == ReportFormat::Text {
            print(&as_text(&name, &report))?;
        }
        reports.push((name, report));
    }
    Ok(reports)
}

/// Says whether everything holds in all ledgers.
pub(super) fn clean(reports: &[(LedgerName, Report)]) -> bool {
    reports.iter().all(|(_, report)| report.is_clean())
}

async fn all(store: &dyn Store) -> anyhow::Result<Vec<LedgerName>> {
    let mut names = Vec::new();
    let mut after = None;
    loop {
        let page =
            store.ledgers(after.as_ref(), LEDGERS_PER_READ).await.context("cannot list the ledgers")?;
        names.extend(page.items.into_iter().map(|ledger| ledger.name));
        after = page.next;
        if after.is_none() {
            return Ok(names);
        }
    }
}

async fn verify_one(store: &dyn Store, name: &LedgerName) -> anyhow::Result<Report> {
    let mut shown = Shown::new(name.as_str(), Unit::Count);
    let verifying = async {
        let mut snapshot = store.snapshot(name).await?;
        let show = |Progress { stage, done, total }| shown.update(&stage.to_string(), done, total);
        engine::verify::verify(&mut *snapshot, show).await
    };
    match verifying.await {
        Ok(report) => Ok(report),
        Err(ReadError::LedgerNotFound) => bail!("there is no ledger `{name}`"),
        Err(error) => Err(error).with_context(|| format!("cannot verify the ledger `{name}`")),
    }
}

fn as_text(name: &LedgerName, report: &Report) -> String {
    let Report {
        entries,
        transactions,
        account_changes,
        transaction_changes,
        holds,
        postings,
        accounts,
        balances,
        sums,
        movements,
        shifted_movements,
        changed_accounts,
        changed_transactions,
        findings,
        findings_total,
    } = report;
    let seen = format!(
        "{entries} entries, {transactions} transactions, {postings} postings, {accounts} accounts, \
         {balances} balances, {sums} sums of them, {movements} movements, {shifted_movements} of them shifted, {holds} holds, {account_changes} changes of \
         {changed_accounts} accounts, {transaction_changes} changes of {changed_transactions} transactions"
    );
    if report.is_clean() {
        return format!("{name}: clean ({seen})\n");
    }
    let mut text = format!("{name}: {findings_total} findings ({seen})\n");
    for finding in findings {
        let _ = writeln!(text, "  {finding}");
    }
    let more = findings_total - findings.len() as u64;
    if more > 0 {
        let _ = writeln!(text, "  and {more} more");
    }
    text
}

fn as_json(name: &LedgerName, report: &Report) -> serde_json::Value {
    let mut json = json!(report);
    json["ledger"] = name.to_string().into();
    json["clean"] = report.is_clean().into();
    json
}
