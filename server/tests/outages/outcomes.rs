//! A connection dies while PostgreSQL commits. Nobody can tell then what became of it; the key can.

use test_postgres::own_server;

use super::database::{Stranger, at_port, new_database};
use super::posts::{CREATED, OUTCOME_UNKNOWN, Post, UNAVAILABLE};
use super::proxy::{Proxy, Trap};
use super::trial::{Turn, seeded};
use crate::harness::{Client, Request, Service, run};

const COMMIT: &str = "COMMIT";

/// After so many posts a lane knows its ledger.
const WARM: u64 = 3;

/// Where the wire is cut.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// The statement does not arrive.
    Statement,
    /// It arrives and is carried out; its answer does not arrive.
    Answer,
}

#[test]
fn a_commit_without_an_answer_is_settled_by_its_key() {
    let _turn = Turn::wait();
    let Some(server) = own_server() else { return };
    let mut random = seeded("outcomes");
    let (url, proxy) = (new_database(&server), Proxy::to(server.port()));
    let through = at_port(&url, proxy.port());
    let settings = [("PX_DATABASE__URL", &*through), ("PX_DATABASE__MIGRATE_ON_START", "true")];
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &settings);
    let mut connection = service.connect();
    let mut stranger = Stranger::connect(&url).unwrap();
    // The first posts of a ledger load, write and commit; those after them are one statement each, in which
    // their key stands.
    for (number, (warm, at_commit, cut, told, there)) in [
        (false, false, Cut::Statement, UNAVAILABLE, false),
        (false, false, Cut::Answer, UNAVAILABLE, false),
        (false, true, Cut::Statement, OUTCOME_UNKNOWN, false),
        (false, true, Cut::Answer, OUTCOME_UNKNOWN, true),
        (true, false, Cut::Statement, OUTCOME_UNKNOWN, false),
        (true, false, Cut::Answer, OUTCOME_UNKNOWN, true),
    ]
    .into_iter()
    .enumerate()
    {
        let case = format!("warm: {warm}, at the commit: {at_commit}, {cut:?}");
        let (ledger, key) = (format!("ledger-{number}"), format!("key-{number}-{:x}", random.u64(..)));
        let create = Request::post("/v1/ledgers").json(format!(r#"{{"name":"{ledger}"}}"#));
        assert_eq!(connection.call(&create).status, 201);
        let mut post = Post::deposit("users:1", random.u64(1..1000));
        let before = if warm { WARM } else { 0 };
        for number in 0..before {
            let reply = connection.call(&post.request(&ledger, &format!("warms-up-{number}")));
            assert_eq!(reply.status, 201, "{reply:?}");
        }
        let sought = if at_commit { COMMIT.into() } else { key.clone().into_bytes() };
        proxy.set_trap(match cut {
            Cut::Statement => Trap::Before(sought),
            Cut::Answer => Trap::BeforeTheAnswerTo(sought),
        });
        let request = post.request(&ledger, &key);
        let reply = connection.call(&request);
        assert!(proxy.has_sprung(), "{case}");
        assert_eq!(post.note(Some(&reply)), told, "{case}: {reply:?}");

        let find = format!("SELECT 1 FROM entries WHERE idempotency_key = '{key}'");
        assert_eq!(stranger.execute(&find).unwrap(), u64::from(there), "{case}");
        assert_settled(&mut connection, &mut post, &request, there);
        assert_eq!(stranger.execute(&find).unwrap(), 1, "{case}");
        let entries = connection.get(&format!("/v1/ledgers/{ledger}")).json()["entries"].clone();
        assert_eq!(entries, before + 1, "{case}");
    }
    assert_eq!(service.stop().code(), Some(0));
    let verified = run(folder.path(), &settings, &["verify"]);
    assert_eq!(verified.code(), Some(0), "{verified:?}");
}

/// Sends a post again, twice: it happens where it had not, and is told otherwise.
fn assert_settled(connection: &mut Client, post: &mut Post, request: &Request, there: bool) {
    for replayed in [there, true] {
        let reply = connection.call(request);
        assert_eq!(post.note(Some(&reply)), CREATED, "{reply:?}");
        assert_eq!(reply.header("idempotency-replayed").is_some(), replayed, "{reply:?}");
    }
}
