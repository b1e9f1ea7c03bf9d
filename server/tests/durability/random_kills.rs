//! `kill -9` at random moments, again and again on one database.

use crate::Chance;
use crate::asked::{Asked, Kind};
use crate::audit::{audit, settle, verify};
use crate::harness::{Tally, wait_until};
use crate::load::Load;
use crate::store::Store;

#[test]
fn nothing_is_lost_or_doubled_on_sqlite_whenever_the_service_is_killed() {
    kill_at_random_moments(&Store::sqlite(), Tally::of("random_kills_sqlite"));
}

#[test]
fn nothing_is_lost_or_doubled_on_postgresql_whenever_the_service_is_killed() {
    let Some(store) = Store::postgres() else { return };
    kill_at_random_moments(&store, Tally::of("random_kills_postgres"));
}

fn kill_at_random_moments(store: &Store, mut tally: Tally) {
    let Chance { mut random, rounds } = Chance::of(tally.test);
    let mut asked = Asked::new();
    for round in 0..rounds {
        let service = store.serve(None);
        settle(store, &service, &mut asked, &mut random, &mut tally);
        let enough = random.u64(1..600);
        let load = Load::start(store, &service, round, Kind::Scarce, &mut random);
        wait_until("enough posts", || load.acknowledged() >= enough);
        drop(service.kill());
        tally.kills += 1;
        load.join(&mut asked, &mut tally);
        verify(store, &mut tally);
    }
    let service = store.serve(None);
    for _ in 0..2 {
        settle(store, &service, &mut asked, &mut random, &mut tally);
    }
    audit(store, &service, &asked, &mut tally);
    assert_eq!(service.stop().code(), Some(0));
    tally.print();
    tally.assert_nothing_wrong();
    assert!(tally.settled > 0, "no kill ever hit a post on its way: the test showed nothing");
    assert!(tally.rejected > 0, "funds were never short: the test did not try the limits");
}
