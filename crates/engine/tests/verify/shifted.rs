//! Damage to what moved balances at another time than it was recorded is found, named, and told apart from what it leaves
//! whole.

use engine::shifted::ShiftedMovement;
use ledger::{Amount, EntryNumber};

use crate::damage::findings_after;
use crate::stored::{Stored, key, micros};

/// Returns what operators read of a balance whose two sides differ.
fn differ(account: &str, found: usize, expected: usize) -> String {
    format!(
        "what moved {account} EUR/2 at another time than it was recorded differs from the log (movements found: \
         {found}, expected: {expected})"
    )
}

#[tokio::test]
async fn a_missing_movement_is_found_and_its_balance_named() {
    for (place, account) in ["a", "c", "world"].into_iter().enumerate() {
        let found = findings_after(|stored| drop(stored.shifted.remove(place)));
        assert_eq!(found.await, [differ(account, 0, 1)]);
    }
}

#[tokio::test]
async fn an_extra_movement_is_found() {
    let found = findings_after(|stored| {
        let extra = ShiftedMovement { entry: EntryNumber(3), ..stored.shifted[0].clone() };
        stored.shifted.insert(1, extra);
    });
    assert_eq!(found.await, [differ("a", 2, 1)]);
    // Of a balance that has no other.
    let found = findings_after(|stored| {
        let extra = ShiftedMovement { key: key("b", "EUR/2"), ..stored.shifted[0].clone() };
        stored.shifted.insert(1, extra);
    });
    assert_eq!(found.await, [differ("b", 1, 0)]);
}

#[tokio::test]
async fn whatever_a_movement_says_counts() {
    let damages: [fn(&mut ShiftedMovement); 5] = [
        |movement| movement.later_at = micros(3001),
        |movement| movement.earlier_at = micros(501),
        |movement| movement.entry = EntryNumber(1),
        |movement| movement.posted_in = Amount::from(4),
        |movement| movement.posted_out = Amount::from(6),
    ];
    for damage in damages {
        let found = findings_after(|stored: &mut Stored| damage(&mut stored.shifted[0])).await;
        assert_eq!(found, [differ("a", 1, 1)]);
    }
}
