//! `kill -9` between any two steps of writing a batch: at every fail point, on every store that passes it.

use std::os::unix::process::ExitStatusExt as _;

use fail_points::{Point, Stores, Writes};

use crate::Chance;
use crate::asked::{Asked, Kind};
use crate::audit::{audit, settle, verify};
use crate::harness::{Ended, Tally};
use crate::load::Load;
use crate::store::Store;

#[test]
fn nothing_is_lost_or_doubled_on_sqlite_wherever_a_batch_is_cut_off() {
    kill_at_every_point(&Store::sqlite(), Stores::Sqlite, Tally::of("fail_points_sqlite"));
}

#[test]
fn nothing_is_lost_or_doubled_on_postgresql_wherever_a_batch_is_cut_off() {
    let Some(store) = Store::postgres() else { return };
    kill_at_every_point(&store, Stores::Postgres, Tally::of("fail_points_postgres"));
}

/// The points that a batch passes on a store.
pub(crate) fn of_batches(stores: Stores) -> Vec<Point> {
    let passed =
        |point: &Point| point.writes() == Writes::Batches && [Stores::All, stores].contains(&point.stores());
    Point::ALL.iter().copied().filter(passed).collect()
}

/// Names a point and which arrival at it is the last.
pub(crate) fn order(point: Point, random: &mut fastrand::Rng) -> String {
    let enough = match point {
        Point::CommandQueued | Point::CommandAnswered => 100,
        // Whoever has a database to itself goes the long way when it starts, and hardly ever after that.
        Point::HeadTaken | Point::BatchDecided | Point::PostgresBatchWritten => 1,
        _ => 10,
    };
    format!("{}:{}", point.name(), random.u32(1..=enough))
}

/// Says whether a service ended as one does that reaches its point. Nobody else kills it then.
pub(crate) fn assert_killed(ended: &Ended, order: &str) {
    assert_eq!(ended.status.signal(), Some(9), "{order}: {ended:?}");
}

fn kill_at_every_point(store: &Store, stores: Stores, mut tally: Tally) {
    let Chance { mut random, .. } = Chance::of(tally.test);
    let mut asked = Asked::new();
    for point in of_batches(stores) {
        let order = order(point, &mut random);
        let service = store.serve(Some(&order));
        let committed =
            matches!(point, Point::PostgresAppendAnswered | Point::BatchCommitted | Point::CommandAnswered);
        // Where a commit has to be found afterwards, every post has to be one that can be recorded.
        let kind = if committed { Kind::Deposits } else { Kind::Scarce };
        let load = Load::start(store, &service, point.name(), kind, &mut random);
        assert_killed(&service.wait(), &order);
        tally.kills += 1;
        let before = tally.unanswered;
        load.join(&mut asked, &mut tally);
        assert!(tally.unanswered > before, "{order}: who waited for the batch had no answer");

        let service = store.serve(None);
        let recorded = settle(store, &service, &mut asked, &mut random, &mut tally);
        assert!(!committed || recorded > 0, "{order}: what is committed is recorded, answered or not");
        verify(store, &mut tally);
        assert_eq!(service.stop().code(), Some(0));
    }
    let service = store.serve(None);
    settle(store, &service, &mut asked, &mut random, &mut tally);
    audit(store, &service, &asked, &mut tally);
    assert_eq!(service.stop().code(), Some(0));
    tally.print();
    tally.assert_nothing_wrong();
}
