//! Races: replicas of one service carry out many commands at once, some of which cannot all be carried out, and
//! some of which are sent more than once. In which order they come is chance; how many of them are recorded is not,
//! nor is where the money ends.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engine::port::{LogRecord, Store, Wanted};
use engine::query::{AccountQuery, NewLedger};
use engine::{Engine, Outcome, Submission};
use futures_util::future::join_all;
use ledger::{Entry, LedgerName, Metadata};
use proptest::prelude::*;
use proptest::sample::select;
use store_memory::{MemoryDatabase, MemoryStore};
use test_support::pools::{ACCOUNTS, ASSETS};
use test_support::{Request, StoreFixture, key, ledger_name, post, posting};
use tokio::time::Instant;

use crate::commands::Asked;
use crate::comparison::alike;
use crate::databases::one_of_each;
use crate::history::{Shape, any_replicas, write_list};
use crate::questions::{Answer, Question, all_there_is, any_question};
use crate::reply::Reply;
use crate::service::Service;

/// Where the money of all lots goes.
const HOT: &str = "bank";

/// How long a caller asks again for an answer. Far more than any machine needs.
const PATIENCE: Duration = Duration::from_mins(2);

/// Commands that are sent at once to a service of some replicas.
#[derive(Clone)]
pub(crate) struct Race {
    replicas: Vec<Shape>,
    lots: Vec<Lot>,
    /// One of the replicas shuts down meanwhile.
    one_leaves: bool,
    questions: Vec<Question>,
}

/// Commands that ask for the same: to move an amount from an account of the lot's own to one that all lots share.
#[derive(Clone, Debug)]
struct Lot {
    asset: &'static str,
    amount: u128,
    commands: usize,
    /// For how many of the commands there is money.
    funds_for: usize,
    /// Whether they have one reference, so that one of them is carried out at most.
    one_reference: bool,
    /// How often each is sent, to one replica after the other.
    sendings: usize,
}

impl fmt::Debug for Race {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, "replica", &self.replicas)?;
        write_list(f, "lot", &self.lots)?;
        writeln!(f, "one replica leaves: {}", self.one_leaves)?;
        write_list(f, "question", &self.questions)
    }
}

/// Makes races.
pub(crate) fn any_race() -> impl Strategy<Value = Race> {
    let lot = (select(ASSETS), 1..1_000_u128, 1..8_usize, 0..8_usize, prop::bool::weighted(0.2), 1..4_usize)
        .prop_map(|(asset, amount, commands, funds_for, one_reference, sendings)| Lot {
            asset,
            amount,
            commands,
            funds_for,
            one_reference,
            sendings,
        });
    (
        any_replicas(),
        prop::collection::vec(lot, 1..8),
        any::<bool>(),
        prop::collection::vec(any_question(), 0..25),
    )
        .prop_map(|(replicas, lots, one_leaves, questions)| Race {
            replicas,
            lots,
            one_leaves,
            questions,
        })
}

impl Lot {
    /// How many of the commands are carried out, whichever they are.
    fn carried_out(&self) -> usize {
        let possible = if self.one_reference { 1 } else { self.commands };
        possible.min(self.funds_for)
    }

    /// The account that the lot's money is on: every lot has one of its own.
    fn account(number: usize) -> &'static str {
        ACCOUNTS.iter().filter(|account| **account != "world" && **account != HOT).nth(number).unwrap()
    }

    /// Puts money on the account for as many commands as there is to be money for.
    fn funding(&self, number: usize) -> Asked {
        let amount = self.amount * self.funds_for as u128;
        let request = post([posting("world", Self::account(number), self.asset, amount)]);
        submission(request.key(&format!("funding-{number}")))
    }

    fn command(&self, number: usize, command: usize) -> Asked {
        let request = post([posting(Self::account(number), HOT, self.asset, self.amount)]);
        let request = if self.one_reference { request.reference(&format!("lot {number}")) } else { request };
        submission(request.key(&format!("lot-{number}-{command}")))
    }
}

fn submission(request: Request) -> Asked {
    let submission = Submission::new(request.command, request.key);
    Asked::Submit { ledger: main_ledger(), submission }
}

fn main_ledger() -> LedgerName {
    ledger_name("main")
}

/// Runs a race on every store, and compares where the money ended.
///
/// # Errors
/// What does not hold.
pub(crate) async fn run_on_all(race: Race) -> Result<(), String> {
    let databases = one_of_each().await.into_iter();
    let ended = join_all(databases.map(|(name, database)| run(name, database, &race))).await;
    let ended = ended.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (reference, others) = ended.split_first().expect("there is a reference");
    others.iter().try_for_each(|other| alike(reference, other, || "where the money is".to_owned()))
}

/// Runs a race on one store. Returns all accounts.
async fn run(name: &'static str, database: Box<dyn StoreFixture>, race: &Race) -> Result<Answer, String> {
    let service = Service::start(name, database, &race.replicas).await;
    let main =
        Asked::CreateLedger { name: main_ledger(), metadata: Metadata::default(), key: Some(key("main")) };
    let fundings = race.lots.iter().enumerate().map(|(number, lot)| lot.funding(number));
    for asked in std::iter::once(main).chain(fundings) {
        insist(vec![service.engine(0)], 0, asked).await;
    }
    let replies = send_all(&service, race).await;
    let funded = race.lots.len();
    let recorded = check_replies(race, replies).map_err(|wrong| format!("{name}: {wrong}"))?;
    let log = Question::Log { limit: 1_000 };
    let Answer::Log(log) = service.answer(&main_ledger(), &log).await? else { unreachable!() };
    let in_log: Vec<&Entry> = log.iter().skip(funded).map(|record| &record.entry).collect();
    alike(&recorded.iter().collect(), &in_log, || format!("{name}: what was replied, and what is recorded"))?;
    check_projections(&service, log, race).await?;
    let everything = AccountQuery { limit: 1_000, ..AccountQuery::default() };
    let mut accounts = service.answer(&main_ledger(), &Question::Accounts(everything)).await?;
    service.stop().await;
    if let Answer::Accounts(accounts) = &mut accounts {
        // Which entry was an account's last is chance, as the order is.
        for account in accounts {
            account.version = None;
        }
    }
    Ok(accounts)
}

/// Sends all commands at once, and waits for their replies.
async fn send_all(service: &Service, race: &Race) -> BTreeMap<(usize, usize), Vec<Reply>> {
    let engines: Vec<Engine> = (0..race.replicas.len()).map(|replica| service.engine(replica)).collect();
    let mut underway = Vec::new();
    for sending in 0..3 {
        for command in 0..8 {
            for (number, lot) in race.lots.iter().enumerate() {
                if sending < lot.sendings && command < lot.commands {
                    let (asked, engines) = (lot.command(number, command), engines.clone());
                    let asking = insist(engines, number + command + sending, asked);
                    underway.push(((number, command), tokio::spawn(asking)));
                }
            }
        }
        if race.one_leaves && sending == 0 {
            let leaving = engines[0].clone();
            tokio::spawn(async move { leaving.drain().await });
        }
    }
    let mut replies: BTreeMap<_, Vec<Reply>> = BTreeMap::new();
    for (which, asking) in underway {
        replies.entry(which).or_default().push(asking.await.expect("it does not panic"));
    }
    replies
}

/// Asks as a patient client does: again with the same key, another replica each time, until it hears what came of
/// it.
async fn insist(engines: Vec<Engine>, first: usize, asked: Asked) -> Reply {
    let began = Instant::now();
    let mut turn = first;
    loop {
        let reply = Reply::of(&engines[turn % engines.len()], asked.clone()).await;
        if !matches!(reply, Reply::AskAgain(_)) || began.elapsed() > PATIENCE {
            return reply;
        }
        turn += 1;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Holds the replies to what is possible, and returns the entries that were recorded, in order.
fn check_replies(race: &Race, replies: BTreeMap<(usize, usize), Vec<Reply>>) -> Result<Vec<Entry>, String> {
    let mut recorded = Vec::new();
    let mut carried_out = vec![0; race.lots.len()];
    for ((lot, command), replies) in replies {
        let mut entries = Vec::new();
        let mut times_recorded = 0;
        for reply in &replies {
            match reply {
                Reply::Submitted(submitted) => {
                    entries.push(submitted.entry.clone());
                    times_recorded += usize::from(submitted.outcome == Outcome::Recorded);
                }
                Reply::Rejected(_) => {}
                other => return Err(format!("lot {lot}, command {command}: {other:?}")),
            }
        }
        let asked = replies.len();
        entries.dedup();
        // One that was carried out once is answered with that ever after; one that was not finds less money later.
        let once = entries.len() == 1 && times_recorded <= 1 && !replies.iter().any(is_rejected);
        if !(once || entries.is_empty()) {
            return Err(format!("lot {lot}, command {command}, sent {asked} times: {replies:#?}"));
        }
        carried_out[lot] += entries.len();
        recorded.extend(entries);
    }
    recorded.sort_by_key(|entry| entry.number);
    let possible = race.lots.iter().map(Lot::carried_out).collect();
    alike(&possible, &carried_out, || "how many of each lot are carried out".to_owned())?;
    Ok(recorded)
}

fn is_rejected(reply: &Reply) -> bool {
    matches!(reply, Reply::Rejected(_))
}

/// Holds everything that can be read to the reference with the same log.
async fn check_projections(service: &Service, log: Vec<LogRecord>, race: &Race) -> Result<(), String> {
    let main = main_ledger();
    let questions: Vec<Question> = all_there_is().into_iter().chain(race.questions.iter().cloned()).collect();
    let Answer::Ledger(created) = service.answer(&main, &Question::Ledger).await? else { unreachable!() };
    let reference = MemoryStore::open(&MemoryDatabase::default(), false);
    let new = NewLedger {
        name: main.clone(),
        created_at: created.created_at,
        metadata: created.metadata,
        request: None,
    };
    reference.create_ledger(new).await.expect("it is created");
    let opened = reference.begin(&main, Wanted::default()).await.expect("it is there");
    opened.batch.commit(&log).await.expect("a log can be written again");
    let reference: [Arc<dyn Store>; 1] = [Arc::new(reference)];
    for question in questions {
        let expected = crate::questions::answer(&reference, &main, &question).await;
        let found = service.answer(&main, &question).await?;
        let place = || format!("after the race on {}: {question:?}", service.name);
        alike(&expected.expect("the reference answers"), &found, place)?;
    }
    Ok(())
}
