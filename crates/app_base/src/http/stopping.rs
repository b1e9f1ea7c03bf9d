//! Whether the service is about to end, for replies that would go on for longer than it waits.

use tokio::sync::watch;

/// Knows whether the service is about to end. Clones know the same.
#[pavex::prebuilt]
#[derive(Clone, Debug)]
pub struct Stopping(watch::Sender<bool>);

impl Default for Stopping {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stopping {
    /// Says from now on that the service is about to end.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Waits until it is.
    pub async fn stopped(&self) {
        let mut receiver = self.0.subscribe();
        // An error would say that nobody is left who could say so; this one is.
        let _ = receiver.wait_for(|stopping| *stopping).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn clones_hear_of_it_before_and_after() {
        let stopping = Stopping::default();
        let other = stopping.clone();
        let waiting = other.stopped();
        tokio::pin!(waiting);
        assert!(futures_util::poll!(&mut waiting).is_pending());
        stopping.stop();
        waiting.await;
        stopping.clone().stopped().await;
    }
}
