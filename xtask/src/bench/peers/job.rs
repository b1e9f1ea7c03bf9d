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
    /// Where to ask, up to the path.
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

impl Target {
    /// Returns where to ask; of many accounts, for some by chance.
    pub(super) fn urls(&self, many: u32, random: &mut fastrand::Rng) -> Vec<String> {
        let url_begin = &self.url_begin;
        let Some(accounts) = self.accounts else { return vec![format!("{url_begin}{}", self.path)] };
        let mut any = || account(random.u32(..accounts), accounts);
        (0..many).map(|_| format!("{url_begin}{ACCOUNTS}{}", any())).collect()
    }
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
                    ..fixed(&format!("{ACCOUNTS}users:%0{digits}d:wallet"), None, 200)
                }
            }
            Job::Transfer => fixed(TRANSACTIONS, Some(&self.transfers), 201),
            Job::HotTransfer => fixed(TRANSACTIONS, Some(&self.hot_transfers), 201),
        }
    }
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
    use std::collections::HashSet;

    use super::{Bodies, Job, body};

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
    fn any_account_is_read_that_is_there() {
        let bodies = Bodies { transfers: "transfers".into(), hot_transfers: "hot".into() };
        let address = "127.0.0.1:80".parse().unwrap();
        let read = bodies.target(Job::Account, address, 12);
        let urls: HashSet<String> = read.urls(1000, &mut fastrand::Rng::with_seed(1)).into_iter().collect();
        let all =
            (0..12).map(|n| format!("http://127.0.0.1:80/v1/ledgers/main/accounts/users:{n:02}:wallet"));
        assert_eq!(urls, all.collect());
        let fixed = bodies.target(Job::Static, address, 12).urls(1000, &mut fastrand::Rng::new());
        assert_eq!(fixed, ["http://127.0.0.1:80/version"]);
    }
}
