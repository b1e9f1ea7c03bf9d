//! Polls a connection again at once where it woke itself while it was polled. Never lets it do so for long: others
//! have their turn.
//!
//! The protocol library wakes the connection's task when it hands a part of a request's body to the handler, which
//! runs in the same task. Left to the runtime, such a task goes to the end of a queue, and a second thread is woken
//! to look for work: at one request at a time that costs more than the request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// How often one poll may go on.
const POLLS_MAX: usize = 8;

/// Nobody polls: whoever wakes, wakes the task.
const RESTS: u8 = 0;
/// Somebody polls, and nobody has woken since that began.
const RUNS: u8 = 1;
/// Somebody polls, and was woken meanwhile.
const WOKEN: u8 = 2;

/// Polls on behalf of one task.
pub(crate) struct Again {
    wakes: Arc<Wakes>,
    waker: Waker,
}

struct Wakes {
    state: AtomicU8,
    task: AtomicWaker,
}

impl Again {
    pub(crate) fn new() -> Self {
        let wakes = Arc::new(Wakes { state: AtomicU8::new(RESTS), task: AtomicWaker::new() });
        Self { waker: Waker::from(Arc::clone(&wakes)), wakes }
    }

    /// Polls `work`, and goes on as long as it is woken while it is polled.
    pub(crate) fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut work: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let Wakes { state, task } = &*self.wakes;
        task.register(cx.waker());
        for _ in 0..POLLS_MAX {
            state.store(RUNS, Ordering::Release);
            let polled = work(&mut Context::from_waker(&self.waker));
            let woken = state.swap(RESTS, Ordering::AcqRel) == WOKEN;
            if polled.is_ready() || !woken {
                return polled;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let noted = self.state.compare_exchange(RUNS, WOKEN, Ordering::AcqRel, Ordering::Acquire);
        if noted == Err(RESTS) {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use super::*;

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Polls something that wakes itself `times`, and is never ready. Returns how often it was polled and the task
    /// woken.
    fn polled_and_woken(times: usize) -> (usize, usize) {
        let counter = Arc::new(Counter::default());
        let waker = Waker::from(Arc::clone(&counter));
        let mut polls = 0;
        let polled = Again::new().poll(&mut Context::from_waker(&waker), |cx| -> Poll<()> {
            polls += 1;
            if polls <= times {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        });
        assert!(polled.is_pending());
        (polls, counter.0.load(Ordering::Relaxed))
    }

    #[test]
    fn who_wakes_itself_goes_on_at_once_but_not_for_ever() {
        assert_eq!(polled_and_woken(0), (1, 0));
        assert_eq!(polled_and_woken(1), (2, 0));
        assert_eq!(polled_and_woken(POLLS_MAX - 1), (POLLS_MAX, 0));
        assert_eq!(polled_and_woken(POLLS_MAX), (POLLS_MAX, 1));
        assert_eq!(polled_and_woken(usize::MAX), (POLLS_MAX, 1));
    }

    #[test]
    fn what_comes_after_a_poll_wakes_the_task() {
        let counter = Arc::new(Counter::default());
        let waker = Waker::from(Arc::clone(&counter));
        let mut inner = None;
        let mut again = Again::new();
        let polled = again.poll(&mut Context::from_waker(&waker), |cx| -> Poll<()> {
            inner = Some(cx.waker().clone());
            Poll::Pending
        });
        assert!(polled.is_pending());
        assert_eq!(counter.0.load(Ordering::Relaxed), 0);
        inner.as_ref().unwrap().wake_by_ref();
        assert_eq!(counter.0.load(Ordering::Relaxed), 1);
        assert_eq!(again.poll(&mut Context::from_waker(&waker), |_| Poll::Ready(7)), Poll::Ready(7));
        inner.unwrap().wake();
        assert_eq!(counter.0.load(Ordering::Relaxed), 2);
    }

    /// A lost wake-up would leave the task waiting for ever.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_wake_from_another_thread_is_lost() {
        const ROUNDS: usize = 20_000;
        let rounds = Arc::new((AtomicUsize::new(0), AtomicWaker::new()));
        let from_outside = Arc::clone(&rounds);
        let outside = std::thread::spawn(move || {
            for round in 1..=ROUNDS {
                from_outside.0.store(round, Ordering::Release);
                from_outside.1.wake();
                if round % 16 == 0 {
                    std::thread::yield_now();
                }
            }
        });
        let (mut again, mut seen) = (Again::new(), 0);
        let work = poll_fn(|cx| {
            again.poll(cx, |cx| {
                rounds.1.register(cx.waker());
                seen = rounds.0.load(Ordering::Acquire);
                if seen == ROUNDS { Poll::Ready(()) } else { Poll::Pending }
            })
        });
        tokio::time::timeout(Duration::from_mins(1), work).await.expect("every wake arrives");
        outside.join().unwrap();
    }
}
