//! `server import` is killed at every step of writing that it passes, and begun again.

use fail_points::{Point, Stores, Writes, variable};

use crate::harness::{Ended, run};
use crate::imports::{MAPPING, assert_clean, csv, entries, export, fill, migrate, write};
use crate::place::Place;

/// The points on the store of a place.
fn points(place: &Place) -> impl Iterator<Item = Point> {
    let other = if place.url().starts_with("sqlite") { Stores::Postgres } else { Stores::Sqlite };
    Point::ALL.iter().copied().filter(move |point| point.stores() != other)
}

fn killed_at(place: &Place, point: Point, arguments: &[&str]) -> Ended {
    let order = format!("{}:1", point.name());
    run(place.path(), &place.settings_with(&[(variable(), &order)]), arguments)
}

#[test]
fn entries_are_whole_wherever_their_import_is_killed() {
    let source = Place::on_sqlite();
    let exported = fill(&source, 700);
    let import = ["import", "--ledger", "main", "file.ndjson"];
    for place in Place::on_each() {
        let mut killed = Vec::new();
        // It writes through the store, and passes what is on the store's way alone.
        for point in points(&place).filter(|point| point.stores() != Stores::All) {
            let place = if place.url().starts_with("sqlite") {
                Place::on_sqlite()
            } else {
                Place::on_postgres().unwrap()
            };
            migrate(&place);
            write(&place, "file.ndjson", &exported);
            let ended = killed_at(&place, point, &import);
            if ended.code().is_some() {
                continue;
            }
            killed.push(point.name());
            assert!([0, 500].contains(&entries(&place)));
            let again = place.run(&import);
            assert_eq!(again.code(), Some(0), "{}: {again:?}", point.name());
            assert!(export(&place) == exported, "{}", point.name());
            assert_clean(&place);
        }
        let expected: &[&str] = if place.url().starts_with("sqlite") {
            &["sqlite-rows-written", "sqlite-batch-written", "sqlite-ledger-written"]
        } else {
            &["postgres-batch-written", "postgres-ledger-written"]
        };
        assert_eq!(killed, expected);
    }
}

#[test]
fn rows_move_money_once_wherever_their_import_is_killed() {
    for place in Place::on_each() {
        drop(place.start());
        write(&place, "mapping.toml", MAPPING);
        let import =
            ["import", "--ledger", "main", "--format", "csv", "--mapping", "mapping.toml", "file.csv"];
        let mut count = 0;
        for point in points(&place).filter(|point| point.writes() == Writes::Batches) {
            // There is always something new behind what is there.
            count += 1_500;
            write(&place, "file.csv", &csv(count));
            let ended = killed_at(&place, point, &import);
            assert_eq!(ended.code(), None, "{}: {ended:?}", point.name());
        }
        let there = entries(&place);
        assert!(there < count as u64);
        let again = place.run(&import);
        let summary = format!(
            "main: {count} rows; {} transactions were written, {there} were there already; 0 rows refused\n",
            count as u64 - there
        );
        assert_eq!((again.code(), &*again.stdout), (Some(0), &*summary), "{again:?}");
        assert_eq!(entries(&place), count as u64);
        assert_clean(&place);
    }
}
