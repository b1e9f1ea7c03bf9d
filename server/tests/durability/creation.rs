//! `kill -9` between the steps of creating a ledger.

use fail_points::{Point, Stores, Writes};

use crate::asked::replayed;
use crate::audit::verify;
use crate::harness::{Request, Tally};
use crate::points::assert_killed;
use crate::store::Store;

#[test]
fn a_ledger_is_created_once_on_sqlite_wherever_that_is_cut_off() {
    kill_while_creating(&Store::sqlite(), Stores::Sqlite, Tally::of("creation_sqlite"));
}

#[test]
fn a_ledger_is_created_once_on_postgresql_wherever_that_is_cut_off() {
    let Some(store) = Store::postgres() else { return };
    kill_while_creating(&store, Stores::Postgres, Tally::of("creation_postgres"));
}

fn kill_while_creating(store: &Store, stores: Stores, mut tally: Tally) {
    let points: Vec<_> = Point::ALL.iter().filter(|point| point.writes() == Writes::Ledgers).collect();
    let points = points.into_iter().filter(|point| [Stores::All, stores].contains(&point.stores()));
    for point in points {
        let order = format!("{}:1", point.name());
        // The service itself creates ledgers when it starts, and does not come that far.
        let own = format!("[own-{}]", point.name());
        let settings = [("PX_ENGINE__CREATE_LEDGERS", &*own), (fail_points::variable(), &*order)];
        let ended = store.run(&[("PX_SERVER__PORT", "0"), settings[0], settings[1]], &["serve"]);
        assert_killed(&ended, &order);
        tally.kills += 1;

        // So do clients.
        let service = store.serve_with(&[("PX_ENGINE__CREATE_LEDGERS", "[]"), settings[1]]);
        let name = format!("their-{}", point.name());
        let request = Request::post("/v1/ledgers")
            .header("idempotency-key", &name)
            .json(format!(r#"{{"name":"{name}"}}"#));
        let reply = service.connect().try_call(&request);
        assert!(reply.is_err(), "{order}: {reply:?}");
        assert_killed(&service.wait(), &order);
        tally.kills += 1;
        tally.unanswered += 1;

        // Whoever starts next finds its ledger or creates it, and so does the client.
        let service = store.serve_with(&[("PX_ENGINE__CREATE_LEDGERS", &own)]);
        let mut connection = service.connect();
        let reply = connection.call(&request);
        assert_eq!(reply.status, 201, "{order}: {reply:?}");
        let was_created = *point != Point::LedgerAsked;
        assert_eq!(replayed(&reply), was_created, "{order}: {reply:?}");
        tally.settled += 1;
        let again = connection.call(&request);
        assert_eq!((again.status, replayed(&again), again.body), (201, true, reply.body), "{order}");
        let another = connection.call(&Request::post("/v1/ledgers").json(format!(r#"{{"name":"{name}"}}"#)));
        assert_eq!((another.status, &*another.code()), (409, "ledger.exists"), "{order}");
        let listed = connection.get("/v1/ledgers?limit=1000").json();
        for name in [&*name, own.trim_matches(['[', ']'])] {
            let count =
                listed["items"].as_array().expect("a list").iter().filter(|it| it["name"] == name).count();
            match count {
                0 => tally.lost += 1,
                1 => {}
                _ => tally.doubled += 1,
            }
        }
        assert_eq!(service.stop().code(), Some(0));
        verify(store, &mut tally);
    }
    tally.print();
    tally.assert_nothing_wrong();
}
