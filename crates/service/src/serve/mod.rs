//! `server serve`: starts the service, and stops it so that nothing acknowledged is lost and nothing in
//! flight is cut off.

mod access;
mod certificate;
mod descriptors;
mod inherited;
mod mails;
mod metrics_listener;
mod signals;

use std::net::SocketAddr;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use app_base::configuration::{DatabaseConfig, EngineConfig, FlorinConfig, ServerConfig};
use app_base::graph::Graph;
use app_base::http::door::DoorMetrics;
use app_base::http::rejections::describe_rejection;
use app_base::http::stopping::Stopping;
use app_base::mailer::Mailer;
use app_base::readiness::Readiness;
use app_base::storage::{self, IfMissing, Storage};
use app_base::telemetry::Metrics;
use edge::{Edge, EdgeMetrics, Limits};
use engine::access::record_by_operator;
use engine::schedules::ScheduleRunner;
use engine::{CreateLedgerError, Engine, EngineMetrics, EngineOptions};
use identity::Action;
use ledger::Metadata;
use mail::{MailMetrics, Outbox};
use prometheus_client::registry::Registry;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

pub(crate) use self::access::secret;
use self::certificate::Certificate;
pub(crate) use self::signals::Signals;
use crate::configuration::Checked;
use crate::graph::{Behind, Boxed, Given};
use crate::program::Program;
use crate::refusals::refuse;
use crate::telemetry::Telemetry;

/// How long a client that came just before the service was told to stop may take to send its first request.
const NEWCOMER_TIMEOUT: Duration = Duration::from_secs(1);

/// How long the engine may take to commit what it has taken in.
const ENGINE_DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// How long mails that wait may take to be sent.
const MAIL_DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// How often addresses are forgotten that have not asked for anything of late.
const FORGET_EVERY: Duration = Duration::from_secs(10);

/// Builds a graph and puts it behind the front door.
type Build<'a> = Box<dyn FnOnce(Given) -> Boxed<'a, anyhow::Result<Behind>> + 'a>;

/// Runs the service until a signal says stop.
pub(crate) fn serve<G: Graph>(program: &Program, config: &Checked<G::Config>) -> anyhow::Result<ExitCode> {
    let Checked { florin, graph } = config;
    let build: Build<'_> = Box::new(|given| Box::pin(Behind::build::<G>(florin, graph.clone(), given)));
    serve_built(program, florin, build)
}

/// Does so with any graph: from here on nothing is compiled for each of them.
fn serve_built(program: &Program, config: &FlorinConfig, build: Build<'_>) -> anyhow::Result<ExitCode> {
    // Before any other thread is there: the environment is not told apart from what it says here.
    let inherited = inherited::take()?;
    // Dropped last: what is logged on the way out is written.
    let telemetry = Telemetry::start(&config.telemetry)?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(workers(config.server.workers))
        .thread_name("worker")
        .enable_all()
        .build()
        .context("cannot start a runtime")?;
    let done = runtime.block_on(run(program, config, build, &telemetry, inherited));
    // Whatever is still running had its time.
    runtime.shutdown_background();
    done.map(|()| ExitCode::SUCCESS)
}

/// Returns how many threads serve requests: so many, or with 0 one for each core, wherever the database is.
fn workers(configured: usize) -> usize {
    match configured {
        0 => std::thread::available_parallelism().map_or(1, NonZero::get),
        workers => workers,
    }
}

async fn run(
    program: &Program,
    config: &FlorinConfig,
    build: Build<'_>,
    telemetry: &Telemetry,
    inherited: Option<inherited::Inherited>,
) -> anyhow::Result<()> {
    // From here on a signal is heard, even if nobody listens yet.
    let mut signals = Signals::listen()?;
    descriptors::make_room_for(config.server.connections_max);
    let storage = open_storage(program, &config.database).await?;
    let store = storage.store();

    let mut registry = Registry::default();
    let engine_metrics = EngineMetrics::register(&mut registry);
    let ours = registry.sub_registry_with_prefix("florin");
    let edge_metrics = EdgeMetrics::register(ours);
    telemetry.register(ours);
    let door = DoorMetrics::register(ours);
    // Before anything else can fail: a certificate is what is most likely to be wrong.
    let certificate = Certificate::load(&config.server, ours)?;
    let outbox = mails::open(&config.mail, MailMetrics::register(ours))?;

    let options = EngineOptions { passwords: (&config.authentication).into(), ..(&config.engine).into() };
    let engine = Engine::start(Arc::clone(&store), options, engine_metrics);
    create_ledgers(&engine, &config.engine).await?;
    let secret = access::secret(&config.authentication)?;
    let key_file = access::prepare(&engine, &config.authentication).await?;
    let access_writer = keep(&engine, |engine| async move { engine.keep_writing_access().await });
    let session_remover = keep(&engine, |engine| async move { engine.keep_removing_sessions().await });
    let mut expiry = keep(&engine, |engine| async move { engine.keep_expiring_holds().await });

    let runner = ScheduleRunner::start(engine.clone(), (&config.engine).into(), describe_rejection);

    let readiness = Readiness::new(Arc::clone(&store));
    let metrics = Metrics::new(registry);
    let stopping = Stopping::default();
    let mailer = Mailer::new(outbox.clone(), config.mail.public_url.clone(), engine.clone());
    let given = Given {
        api: program.api.clone(),
        database: storage.database(),
        readiness: readiness.clone(),
        metrics,
        engine: engine.clone(),
        stopping: stopping.clone(),
        secret,
        mailer,
        door,
    };
    let graph = Arc::new(build(given).await.context("cannot build the graph")?);
    let serving_metrics = metrics_listener::serve(&config.server, Arc::clone(&graph)).await?;
    let keeping_door = tokio::spawn(keep_door(Arc::clone(&graph)));
    let handler = move |request, peer| {
        let graph = Arc::clone(&graph);
        async move { graph.answer(request, peer).await }
    };

    let (listener, address) = match inherited {
        Some(inherited) => inherited.listen()?,
        None => listen(SocketAddr::new(config.server.ip, config.server.port))?,
    };
    let mut edge = Edge::new(limits(&config.server), edge_metrics, handler, refuse);
    let scheme = if certificate.is_some() { "https" } else { "http" };
    if let Some(certificate) = certificate {
        edge = edge.with_tls(certificate.tls());
        tokio::spawn(certificate.keep_current());
    }
    let (stop, stopped) = oneshot::channel::<()>();
    let mut serving = tokio::spawn(async move { edge.serve(listener, async { drop(stopped.await) }).await });
    tracing::info!(%address, "listening");
    announce(scheme, address);
    if let Some(file) = key_file {
        access::explain(&file, scheme, address);
    }

    tokio::select! {
        signal = signals.next() => tracing::info!(signal, "stopping"),
        ended = &mut serving => bail!("the accept loop ended by itself: {ended:?}"),
        ended = &mut expiry => bail!("holds are not let go any more when their time comes: {ended:?}"),
    }
    let stopping = async {
        readiness.stop();
        sleep(Duration::from_millis(config.server.shutdown_delay_ms)).await;
        stopping.stop();
        let _ = stop.send(());
        let drained = serving.await.context("the accept loop panicked")?;
        if drained.requests > 0 {
            let (requests, connections) = (drained.requests, drained.connections);
            tracing::warn!(requests, connections, "cut off: they did not finish in time");
        }
        // What it has asked for goes on without it; what is still due is found by whoever starts next.
        expiry.abort();
        keeping_door.abort();
        let draining = async {
            runner.stop().await;
            engine.drain().await;
        };
        let engine_drained = timeout(ENGINE_DRAIN_TIMEOUT, draining).await;
        serving_metrics.iter().for_each(JoinHandle::abort);
        access_writer.abort();
        session_remover.abort();
        let_out(&engine, &outbox).await;
        engine_drained.context("the database did not take in time what was waiting for it")?;
        store.close().await;
        tracing::info!("stopped");
        anyhow::Ok(())
    };
    tokio::select! {
        stopped = stopping => stopped,
        signal = signals.next() => bail!("{signal} came twice: stopped in the middle of stopping"),
    }
}

/// Sends the mails and writes the records that wait.
async fn let_out(engine: &Engine, outbox: &Outbox) {
    if let Err(error) = outbox.drain(MAIL_DRAIN_TIMEOUT).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "mails are lost");
    }
    if let Err(error) = engine.write_access().await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the audit trail lacks what was refused last"
        );
    }
}

/// Starts what the engine does by itself for as long as the service runs.
fn keep<F>(engine: &Engine, does: impl FnOnce(Engine) -> F) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(does(engine.clone()))
}

/// Has the front door forget, now and then, who has not come of late. Never ends.
async fn keep_door(graph: Arc<Behind>) {
    let mut ticks = interval(FORGET_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        graph.door().forget_idle();
    }
}

/// Opens the database and sees to it that its schema is what this version wants.
async fn open_storage(program: &Program, config: &DatabaseConfig) -> anyhow::Result<Storage> {
    let storage = storage::open(config, IfMissing::Create).await?.with_schema(program.schema);
    let found = if config.migrate_on_start { storage.migrate().await? } else { storage.schema().await? };
    for step in &found.newer {
        tracing::warn!(
            version = step.version,
            step = step.description,
            "a newer version has migrated the database; this one can go on with it"
        );
    }
    if config.migrate_on_start {
        for step in &found.missing {
            tracing::info!(version = step.version, step = step.description, "migrated the database");
        }
    } else if !found.missing.is_empty() {
        bail!(
            "the schema of `{}` is not up to date: run `server migrate`, or set \
             PX_DATABASE__MIGRATE_ON_START=true",
            config.url
        );
    }
    Ok(storage)
}

async fn create_ledgers(engine: &Engine, config: &EngineConfig) -> anyhow::Result<()> {
    for name in config.ledgers_to_create() {
        match engine.create_ledger(name.clone(), Metadata::default(), None).await {
            Ok(_) => {
                tracing::info!(ledger = %name, "created");
                record_by_operator(engine.store(), Action::LedgerCreated, name.to_string()).await?;
            }
            Err(CreateLedgerError::NameTaken) => {}
            Err(error) => return Err(error).with_context(|| format!("cannot create the ledger `{name}`")),
        }
    }
    Ok(())
}

/// How many connections may wait to be accepted, where the system allows as many (`net.core.somaxconn`). A client that
/// finds no room tries again after a second; with 128, as it is else, 256 clients that connect at once do.
const BACKLOG: u32 = 4096;

fn listen(wanted: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let bound = || {
        let socket = if wanted.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // Connections of a service that has just ended do not keep the next one from its port.
        socket.set_reuseaddr(true)?;
        socket.bind(wanted)?;
        socket.listen(BACKLOG)
    };
    let listener = bound().with_context(|| {
        format!("cannot listen on {wanted} (set PX_SERVER__IP and PX_SERVER__PORT for another address)")
    })?;
    let address = listener.local_addr().context("cannot tell the address")?;
    Ok((listener, address))
}

fn limits(config: &ServerConfig) -> Limits {
    let age = Duration::from_millis(config.connection_age_max_ms);
    Limits {
        connections_max: config.connections_max,
        header_read_timeout: Duration::from_millis(config.header_read_timeout_ms),
        keep_alive_timeout: Duration::from_millis(config.keep_alive_timeout_ms),
        connection_age_max: (!age.is_zero()).then_some(age),
        header_max_bytes: config.header_max_bytes,
        headers_max: config.headers_max,
        http2_streams_max: config.http2_streams_max,
        newcomer_timeout: NEWCOMER_TIMEOUT,
        drain_timeout: Duration::from_millis(config.shutdown_timeout_ms),
    }
}

/// Prints where the service is found: the one line that it ever writes to standard output.
fn announce(scheme: &str, address: SocketAddr) {
    use std::io::Write as _;
    let mut output = std::io::stdout().lock();
    // Whoever closed standard output does not want to know.
    let _ = writeln!(output, "{scheme}://{address}/v1  docs: {scheme}://{address}/docs");
    let _ = output.flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_threads_serve_as_there_are_cores_or_as_many_as_are_asked_for() {
        let cores = std::thread::available_parallelism().unwrap().get();
        assert_eq!([0, 1, 3].map(workers), [cores, 1, 3]);
    }

    /// Nobody accepts them meanwhile.
    #[tokio::test]
    async fn hundreds_may_connect_at_once() {
        let (_listener, address) = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let connect = |_| std::net::TcpStream::connect_timeout(&address, Duration::from_millis(500));
        let connections: Vec<_> = (0..600).map_while(|place| connect(place).ok()).collect();
        assert_eq!(connections.len(), 600);
    }
}
