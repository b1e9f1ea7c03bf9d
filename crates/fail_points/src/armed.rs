//! What happens at a point when tests are built: nothing, unless the environment names it.

use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Point, VARIABLE};

/// Where this process dies.
struct Order {
    point: Point,
    /// How many arrivals are left, the last of which is the one.
    left: AtomicU64,
}

pub(crate) fn reach(point: Point) {
    static ORDER: OnceLock<Option<Order>> = OnceLock::new();
    let Some(order) = ORDER.get_or_init(given) else { return };
    if order.point == point && order.left.fetch_sub(1, Ordering::Relaxed) == 1 {
        kill();
    }
}

/// Ends the process as a power cut would: nothing is flushed, closed or unwound.
fn kill() {
    let this = rustix::process::getpid();
    rustix::process::kill_process(this, rustix::process::Signal::KILL).expect("a process may kill itself");
}

/// Reads the order. One that cannot be read ends the process in another way than a kill, so that no test takes
/// it for one: a panic would only end the task that came by.
fn given() -> Option<Order> {
    let text = std::env::var(VARIABLE).ok()?;
    let order = parse(&text);
    if order.is_none() {
        let complaint =
            format!("{VARIABLE}={text} is not the name of a point, a colon, and a number from 1\n");
        // Where nobody listens, the end says enough.
        let _ = std::io::stderr().write_all(complaint.as_bytes());
        std::process::abort();
    }
    order
}

fn parse(text: &str) -> Option<Order> {
    let (name, count) = text.split_once(':')?;
    let point = Point::ALL.iter().copied().find(|point| point.name() == name)?;
    let left = count.parse().ok().filter(|count| *count > 0)?;
    Some(Order { point, left: AtomicU64::new(left) })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::parse;
    use crate::Point;

    #[test]
    fn an_order_names_a_point_and_a_count() {
        let order = parse("batch-committed:3").expect("it is one");
        assert_eq!((order.point, order.left.load(Ordering::Relaxed)), (Point::BatchCommitted, 3));
        for text in ["", "batch-committed", "batch-committed:0", "batch-committed:x", "nowhere:1", ":1"] {
            assert!(parse(text).is_none(), "{text:?}");
        }
    }
}
