//! A database that was set back under running replicas: an asynchronous standby was promoted, or somebody recovered
//! to a point in time and left them running.

use crate::harness::{Request, Service};
use crate::place::Place;

#[test]
fn a_replica_does_not_trust_its_memory_of_a_log_that_was_set_back_and_went_on_otherwise() {
    let Some(place) = Place::on_postgres() else { return };
    let a = place.start();
    let b = Service::start(place.path(), &place.settings());
    let post = |service: &Service, from: &str, to: &str, amount: u32| {
        let body = format!(
            r#"{{"postings":[{{"source":"{from}","destination":"{to}","asset":"USD/2","amount":"{amount}"}}]}}"#
        );
        service.connect().call(&Request::post("/v1/ledgers/main/transactions").json(body)).status
    };
    for _ in 0..10 {
        assert_eq!(post(&a, "world", "a", 100), 201);
    }
    place.allow_tampering();
    place.tamper(
        "DELETE FROM entries WHERE number >= 5; DELETE FROM earlier_movements;
        UPDATE balances SET recent_movements = '0 1 2 3 4 ';
        UPDATE ledgers SET next_entry = 5, last_recorded_at = (SELECT max(recorded_at) FROM entries);
        UPDATE balances SET posted_in = 500 WHERE address = 'a';
        UPDATE balances SET posted_out = 500 WHERE address = 'world'",
    );
    for _ in 0..5 {
        assert_eq!(post(&b, "world", "b", 1), 201);
    }
    assert_eq!(place.run(&["verify"]).code(), Some(0));
    assert_eq!(post(&a, "a", "c", 1000), 422);
    assert_eq!(place.run(&["verify"]).code(), Some(0));
}
