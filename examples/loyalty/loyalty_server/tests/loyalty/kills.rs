//! `kill -9` before the companion writes, after it, before the commit and after it: the posting and the receipt are both
//! there, or neither is, and asking again makes both.

use std::os::unix::process::ExitStatusExt as _;

use fail_points::{Point, variable};

use crate::service::{Place, on_both};

const AWARDS: &str = "/v1/ledgers/shop/members/ada/awards";

#[test]
fn wherever_the_service_is_killed_receipts_and_entries_agree() {
    on_both(|place| {
        place.serve(&[]).open_shop();
        let written =
            if place.is_postgres() { Point::PostgresBatchWritten } else { Point::SqliteRowsWritten };
        let points = [Point::CompanionDue, Point::CompanionDone, written, Point::BatchCommitted];
        for (number, point) in (1..).zip(points) {
            let purchase = |part: &str| {
                let key = format!("k-{number}-{part}");
                (key.clone(), format!(r#"{{"receipt":"{key}","spent":"100"}}"#))
            };
            // The first award passes the point, the second one does not.
            let order = format!("{}:2", point.name());
            let service = place.serve(&[(variable(), &order)]);
            let (key, body) = purchase("a");
            assert_eq!(service.post(AWARDS, &key, &body).0, 201, "{point:?}");
            let (key, body) = purchase("b");
            assert_eq!(service.try_call("POST", AWARDS, &key, &body), None, "{point:?}");
            assert_eq!(service.wait().signal(), Some(9), "{point:?}");

            let is_committed = point == Point::BatchCommitted;
            let service = place.serve(&[]);
            let before = 2 * (number - 1) + 1 + usize::from(is_committed);
            assert_eq!(service.receipts().len(), before, "{point:?}");
            assert_eq!(service.balance(), before.to_string(), "{point:?}");
            assert_eq!(service.post(AWARDS, &key, &body).0, 201, "{point:?}");
            assert_eq!(service.receipts().len(), 2 * number, "{point:?}");
            assert_eq!(service.balance(), (2 * number).to_string(), "{point:?}");
        }
        verifies(place);
    });
}

fn verifies(place: &Place) {
    let verified = place.run(&["verify"]);
    assert!(verified.status.success(), "{verified:?}");
}
