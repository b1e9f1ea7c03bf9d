//! Runs what a connection does until it is done, overdue, or told to end.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::again::Again;
use crate::limits::Limits;
use crate::watch::{Order, Phase, Watch};

/// Why a connection was stopped before it ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It was told to close, lay idle for too long, or is old: it may finish what it has in hand.
    Close,
    /// The rest of a request's head did not come.
    HeadTimeout,
    /// It is beyond saving: nothing ever came, the client takes nothing, or it was told to end at once.
    Abort,
}

/// Watches one connection's deadlines.
pub(crate) struct Supervisor {
    watch: Arc<Watch>,
    limits: Limits,
    old_at: Option<Instant>,
    closing: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl Supervisor {
    /// Starts watching a connection, which has seen nothing yet.
    pub(crate) fn new(watch: Arc<Watch>, limits: Limits, number: u64) -> Self {
        let opened = watch.opened();
        let old_at = limits.connection_age_max.map(|age| opened + age + spread(age, number));
        let timer = Box::pin(sleep_until(opened + limits.header_read_timeout));
        Self { watch, limits, old_at, closing: None, timer }
    }

    /// Runs `work` until it is done or has to stop. After [`Stop::Close`], call again: what is left then
    /// has little time.
    pub(crate) async fn run<W: Future>(&mut self, mut work: Pin<&mut W>) -> Result<W::Output, Stop> {
        let mut again = Again::new();
        let mut poll = |cx: &mut Context<'_>| {
            // Before anything is looked at: what changes from here on wakes this task.
            self.watch.task.register(cx.waker());
            if let Poll::Ready(output) = work.as_mut().poll(cx) {
                return Poll::Ready(Ok(output));
            }
            match self.watch.order() {
                Order::Abort => return Poll::Ready(Err(Stop::Abort)),
                Order::Close if self.closing.is_none() && !self.watch.is_new() => {
                    return Poll::Ready(Err(self.close()));
                }
                Order::Close | Order::Serve => {}
            }
            // The timer is not moved when a deadline moves on, only when it goes off: requests come and
            // go without touching it.
            loop {
                let deadline = self.deadline();
                if let Some((at, _)) = deadline
                    && at < self.timer.deadline()
                {
                    self.timer.as_mut().reset(at);
                }
                if self.timer.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                let now = Instant::now();
                match deadline {
                    Some((at, Stop::Close)) if at <= now => return Poll::Ready(Err(self.close())),
                    Some((at, stop)) if at <= now => return Poll::Ready(Err(stop)),
                    Some((at, _)) => self.timer.as_mut().reset(at),
                    None => self.timer.as_mut().reset(now + self.limits.keep_alive_timeout),
                }
            }
        };
        poll_fn(|cx| again.poll(cx, &mut poll)).await
    }

    /// Counts the requests in hand.
    pub(crate) fn in_hand(&self) -> usize {
        self.watch.in_hand()
    }

    fn close(&mut self) -> Stop {
        self.closing = Some(Instant::now());
        Stop::Close
    }

    /// Returns what would be too long from now on, as things stand.
    fn deadline(&self) -> Option<(Instant, Stop)> {
        let watch = &self.watch;
        if let Some(stalled) = watch.stalled_since() {
            return Some((stalled + self.limits.keep_alive_timeout, Stop::Abort));
        }
        let idle = watch.in_hand() == 0;
        if let Some(closing) = self.closing {
            return idle.then(|| (closing.max(watch.since()) + Limits::CLOSING, Stop::Abort));
        }
        let waiting = idle.then(|| match watch.phase() {
            Phase::Fresh => (watch.since() + self.limits.header_read_timeout, Stop::Abort),
            Phase::Head => (watch.since() + self.limits.header_read_timeout, Stop::HeadTimeout),
            Phase::Idle => (watch.since() + self.limits.keep_alive_timeout, Stop::Close),
        });
        let old = self.old_at.map(|at| (at, Stop::Close));
        let told = (watch.order() == Order::Close)
            .then(|| (watch.opened() + self.limits.newcomer_timeout, Stop::Close));
        waiting.into_iter().chain(old).chain(told).min_by_key(|(at, _)| *at)
    }
}

/// Spreads the ends of connections that began together over a tenth of their age.
fn spread(age: Duration, number: u64) -> Duration {
    let sixteenth = u32::try_from(number % 16).expect("it is below 16");
    age / 160 * sixteenth
}
