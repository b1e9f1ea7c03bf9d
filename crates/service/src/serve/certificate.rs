//! The certificate that the service speaks TLS with: read at the start, and again when somebody says so or its files
//! change. What cannot be used never takes the place of what can.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use app_base::configuration::ServerConfig;
use edge::{Tls, TlsError, TlsFile, TlsFiles, TlsMetrics};
use prometheus_client::registry::Registry;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// A certificate, and what tells that there may be a new one.
pub(super) struct Certificate {
    tls: Arc<Tls>,
    hang_up: Signal,
    poll: Duration,
}

impl Certificate {
    /// Reads the certificate, where there is to be one. From here on SIGHUP does not end the process.
    ///
    /// # Errors
    /// When it cannot be used; says which key of the configuration names which file, and what is wrong with that.
    pub(super) fn load(config: &ServerConfig, registry: &mut Registry) -> anyhow::Result<Option<Self>> {
        if !config.is_secure() {
            return Ok(None);
        }
        let files = TlsFiles { certificate: config.tls_certificate.clone(), key: config.tls_key.clone() };
        let tls = Tls::load(files, TlsMetrics::register(registry)).map_err(|error| {
            let key = key_of(&error);
            anyhow::Error::new(error).context(key)
        })?;
        let hang_up = signal(SignalKind::hangup()).context("cannot listen for signals")?;
        let poll = Duration::from_millis(config.tls_poll_ms);
        Ok(Some(Self { tls: Arc::new(tls), hang_up, poll }))
    }

    /// Returns what serves it.
    pub(super) fn tls(&self) -> Arc<Tls> {
        Arc::clone(&self.tls)
    }

    /// Reads the files again at each SIGHUP, and whenever they look different. Never ends.
    pub(super) async fn keep_current(mut self) {
        let mut ticks = interval_at(Instant::now() + self.poll, self.poll);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let told = tokio::select! {
                hung_up = self.hang_up.recv() => hung_up.is_some(),
                _ = ticks.tick() => false,
            };
            let tls = Arc::clone(&self.tls);
            // Files may lie where reading takes its time.
            let read = spawn_blocking(move || (told || tls.has_changed()).then(|| tls.reload()));
            match read.await {
                Ok(None) => {}
                Ok(Some(Ok(()))) => tracing::info!("new connections get the certificate that was read now"),
                Ok(Some(Err(error))) => tracing::error!(
                    key = key_of(&error),
                    %error,
                    "a new certificate cannot be used: the one before stays"
                ),
                Err(error) => tracing::error!(%error, "reading the certificate panicked"),
            }
        }
    }
}

/// Names the key of the configuration that a file comes from.
fn key_of(error: &TlsError) -> &'static str {
    match error.file {
        TlsFile::Certificate => "server.tls_certificate",
        TlsFile::Key => "server.tls_key",
    }
}
