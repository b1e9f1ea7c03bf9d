//! What is asked, as load generators are told it: a path, or a file of bodies.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Job;
use crate::bench::load::account;

/// Bodies in a file: one of them is taken for each request, by chance.
const BODIES: u32 = 20_000;

const TRANSACTIONS: &str = "/v1/ledgers/main/transactions";

const ACCOUNTS: &str = "/v1/ledgers/main/accounts/";

/// What a request of one job is made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Where to ask, as oha is told: a regular expression where the job is to read any account.
    pub(super) url: String,
    /// The part of it before the path.
    pub(super) url_begin: String,
    /// The path, with a place for a number where the job is to read any account.
    pub(super) path: String,
    /// How many accounts there are, where the job is to read any.
    pub(super) accounts: Option<u32>,
    /// The file with what to post.
    pub(super) bodies: Option<PathBuf>,
    /// What a good reply says.
    pub(super) status: u16,
}

/// What is posted, in files.
#[derive(Debug)]
pub(super) struct Bodies {
    transfers: PathBuf,
    hot_transfers: PathBuf,
}

impl Bodies {
    /// Writes them for so many accounts.
    pub(super) fn write(folder: &Path, accounts: u32) -> anyhow::Result<Self> {
        let mut random = fastrand::Rng::with_seed(7);
        let mut file = |name: &str, hot: bool| {
            let mut lines = String::new();
            for _ in 0..BODIES {
                writeln!(lines, "{}", body(&mut random, accounts, hot)).expect("texts can be written");
            }
            let path = folder.join(format!("{name}-{accounts}.txt"));
            std::fs::write(&path, lines).with_context(|| format!("cannot write {}", path.display()))?;
            anyhow::Ok(path)
        };
        Ok(Self { transfers: file("transfers", false)?, hot_transfers: file("hot-transfers", true)? })
    }

    pub(super) fn target(&self, job: Job, address: SocketAddr, accounts: u32) -> Target {
        let url_begin = format!("http://{address}");
        let fixed = |path: &str, bodies: Option<&Path>, status| Target {
            url: format!("{url_begin}{path}"),
            url_begin: url_begin.clone(),
            path: path.to_owned(),
            accounts: None,
            bodies: bodies.map(Path::to_owned),
            status,
        };
        match job {
            Job::Static => fixed("/version", None, 200),
            Job::Account => {
                let digits = (accounts - 1).to_string().len();
                Target {
                    accounts: Some(accounts),
                    url: format!("{url_begin}{ACCOUNTS}{}", any_account(accounts)),
                    ..fixed(&format!("{ACCOUNTS}users:%0{digits}d:wallet"), None, 200)
                }
            }
            Job::Transfer => fixed(TRANSACTIONS, Some(&self.transfers), 201),
            Job::HotTransfer => fixed(TRANSACTIONS, Some(&self.hot_transfers), 201),
        }
    }
}

/// Returns a regular expression for the accounts whose numbers have as many digits as they have: of 25,000 accounts
/// those below 20,000.
fn any_account(accounts: u32) -> String {
    let last = (accounts - 1).to_string();
    let sample = account(0, accounts);
    let (before, after) = sample.split_once(&"0".repeat(last.len())).unwrap_or((&sample, ""));
    // All numbers below the largest d000… that is no more than there are.
    let leading = (accounts / 10_u32.pow(u32::try_from(last.len()).unwrap_or(1) - 1)).clamp(1, 10);
    let first = if leading == 1 { "0".to_owned() } else { format!("[0-{}]", leading - 1) };
    format!("{before}{first}{}{after}", "[0-9]".repeat(last.len() - 1))
}

/// Returns a transfer between any accounts.
pub(super) fn transfer(random: &mut fastrand::Rng, accounts: u32) -> String {
    body(random, accounts, false)
}

/// Returns a transfer of two postings, from one account to two others: money, and a fee.
fn body(random: &mut fastrand::Rng, accounts: u32, hot: bool) -> String {
    // Account 0 is the hot one: nobody else's money comes from there.
    let source = random.u32(u32::from(hot)..accounts);
    let destination = if hot { 0 } else { other(random, accounts, &[source]) };
    let fee = other(random, accounts, &[source, destination]);
    let posting = |destination: u32, amount: u32| {
        let (source, destination) = (account(source, accounts), account(destination, accounts));
        format!(
            r#"{{"source":"{source}","destination":"{destination}","asset":"USD/2","amount":"{amount}"}}"#
        )
    };
    format!(r#"{{"postings":[{},{}]}}"#, posting(destination, 100), posting(fee, 1))
}

/// Draws an account that is none of those.
fn other(random: &mut fastrand::Rng, accounts: u32, than: &[u32]) -> u32 {
    loop {
        let number = random.u32(..accounts);
        if !than.contains(&number) {
            return number;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{any_account, body};

    #[test]
    fn a_transfer_has_three_accounts_and_two_postings() {
        let mut random = fastrand::Rng::with_seed(1);
        for hot in [false, true] {
            for _ in 0..200 {
                let body = body(&mut random, 16, hot);
                let accounts: Vec<&str> = body.split('"').filter(|part| part.starts_with("users:")).collect();
                let [source, destination, again, fee] = accounts[..] else { panic!("{body}") };
                assert_eq!(source, again);
                assert!(source != destination && destination != fee && fee != source, "{body}");
                assert_eq!(
                    destination == "users:00:wallet" && source != "users:00:wallet",
                    hot || { destination == "users:00:wallet" }
                );
            }
        }
    }

    #[test]
    fn accounts_that_are_read_are_there() {
        assert_eq!(any_account(10_000), "users:[0-9][0-9][0-9][0-9]:wallet");
        assert_eq!(any_account(16), "users:0[0-9]:wallet");
        assert_eq!(any_account(25_000), "users:[0-1][0-9][0-9][0-9][0-9]:wallet");
    }
}
