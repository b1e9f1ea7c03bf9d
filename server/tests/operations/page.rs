//! `docs/operations.md`: finds the commands on it and runs them as they stand there.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use app_base::readiness::NotReady;

use crate::harness::{Client, Ended, LONG, Request, Service, command, run, wait_until};
use crate::place::Place;

/// The page.
pub(crate) fn text() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md");
    std::fs::read_to_string(path).expect("there is such a page")
}

/// Returns what stands in the block under a mark: an invisible comment directly above it.
pub(crate) fn block(mark: &str) -> String {
    let page = text();
    let block = page.split_once(&format!("<!-- {mark} -->\n```"));
    let block =
        block.and_then(|(_, rest)| rest.split_once('\n')).and_then(|(_, rest)| rest.split_once("\n```"));
    block.unwrap_or_else(|| panic!("nothing in docs/operations.md stands under <!-- {mark} -->")).0.to_owned()
}

/// Where the page's commands run.
pub(crate) struct Shell<'a> {
    /// Which of the page's set-ups it is: what stands before its commands.
    pub(crate) before: &'static str,
    pub(crate) folder: &'a Path,
    /// What is named on the page, and what stands for it here.
    pub(crate) stand_ins: Vec<(&'static str, String)>,
    /// Where PostgreSQL's programs are.
    pub(crate) programs: Option<PathBuf>,
    /// The user and the group to run as, where not as this one.
    pub(crate) user: Option<(u32, u32)>,
}

impl Shell<'_> {
    /// Runs the commands of a name, until one fails.
    pub(crate) fn run(&self, name: &str) -> Ended {
        let before = block(&format!("before: {}", self.before));
        let commands = block(&format!("run by a test: {}, {name}", self.before));
        let mut script = format!("{before}\n{commands}\n");
        for (named, stand_in) in &self.stand_ins {
            script = script.replace(named, stand_in);
        }
        // The page calls the binary by its name.
        let server = command(self.folder, &[]);
        let programs = tempfile::tempdir().expect("a folder");
        symlink(server.get_program(), programs.path().join("server")).expect("a link");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut path: Vec<PathBuf> = std::env::split_paths(&path).collect();
        path.splice(0..0, [programs.path().to_owned()].into_iter().chain(self.programs.clone()));
        // So that what waits on the page for something to happen does not wait for ever.
        let mut shell = Command::new("timeout");
        shell.args([&LONG.as_secs().to_string(), "sh", "-eu", "-c", &script]).current_dir(self.folder);
        for (variable, _) in server.get_envs() {
            shell.env_remove(variable);
        }
        shell.env("PATH", std::env::join_paths(path).expect("names of folders"));
        if let Some((user, group)) = self.user {
            shell.gid(group).uid(user);
        }
        Ended::from(shell.output().expect("sh runs"))
    }

    /// Runs the commands of a name, all of which have to succeed, and returns what they print.
    pub(crate) fn succeed(&self, name: &str) -> String {
        let ended = self.run(name);
        assert_eq!(ended.code(), Some(0), "{name}: {ended:?}");
        ended.stdout
    }
}

/// What stands in back-ticks on the page, in running text and tables.
fn names() -> BTreeSet<String> {
    let page = text();
    let mut names = BTreeSet::new();
    let mut inside_block = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            inside_block = !inside_block;
        } else if !inside_block {
            names.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    names
}

/// What a service counts that speaks TLS, once a client did not and its certificate was read again.
fn metrics_of_tls() -> String {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let settings = [
        ("PX_SERVER__TLS_CERTIFICATE", "cert.pem"),
        ("PX_SERVER__TLS_KEY", "key.pem"),
        ("PX_SERVER__METRICS_IP", "127.0.0.1"),
        ("PX_SERVER__METRICS_PORT", "0"),
    ];
    let service = Service::start(folder.path(), &settings);
    assert_eq!(service.get("/v1/ledgers").status, 400);
    service.signal("HUP");
    let mut metrics = String::new();
    wait_until("the certificate to be read again", || {
        let logged = service.logged();
        let line = logged.lines().find(|line| line.contains("listening for metrics"));
        let address =
            line.and_then(|line| line.split_once("address=")?.1.split_whitespace().next()?.parse().ok());
        let inside = address.and_then(|address| Client::connect(address).ok());
        metrics = inside.map(|mut inside| inside.get("/metrics").body).unwrap_or_default();
        metrics.contains("florin_tls_certificate_reloads_total{")
    });
    metrics
}

#[test]
fn every_metric_that_the_page_names_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[("PX_CORS__ORIGINS", "[\"*\"]")]);
    Place::post(&service, 2);
    let asks = Request::new("OPTIONS", "/v1/ledgers").header("origin", "https://a.example");
    let preflight = service.connect().call(&asks.header("access-control-request-method", "GET"));
    assert_eq!(preflight.status, 204, "{preflight:?}");
    // What counts by labels is there once it has counted.
    assert_eq!(service.connect().send("nonsense\r\n\r\n").reply().status, 400);
    let posting = r#"{"source":"world","destination":"a","asset":"USD/2","amount":"1"}"#;
    let due = format!(r#"{{"transaction":{{"postings":[{posting}]}},"at":"2020-01-01T00:00:00Z"}}"#);
    let scheduled = service.post("/v1/ledgers/main/schedules", &due);
    assert_eq!(scheduled.status, 201, "{scheduled:?}");
    wait_until("a schedule to run", || service.get("/metrics").body.contains("florin_schedule_runs_total{"));
    let metrics = service.get("/metrics").body + &metrics_of_tls();
    let is_of_a_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let named: BTreeSet<String> = names()
        .iter()
        .flat_map(|name| {
            name.split(|character| !is_of_a_name(character)).map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|word| ["florin_", "http_server_", "process_"].iter().any(|prefix| word.starts_with(prefix)))
        .collect();
    assert!(named.len() > 15, "{named:?}");
    for name in named {
        // Histograms are named without their parts.
        let family = name.strip_suffix("_total").or(name.strip_suffix("_info")).unwrap_or(&name);
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix("# TYPE ")?.strip_prefix(family)?.strip_prefix(' '));
        let Some(kind) = line else { panic!("no {name} in\n{metrics}") };
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
        assert_eq!(kind == "info", name.ends_with("_info"), "{name} is a {kind}");
    }
}

#[test]
fn every_key_of_the_configuration_that_the_page_names_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let known = run(folder.path(), &[], &["config"]).stdout;
    let sections = ["server", "authentication", "database", "engine", "telemetry"];
    let mut named = 0;
    for name in names() {
        let Some((section, key)) = name.split_once('.') else { continue };
        if sections.contains(&section) && !key.contains([' ', '/']) {
            named += 1;
            let body = known.split_once(&format!("{section}:\n")).expect("each section is shown").1;
            let keys = body.lines().take_while(|line| line.starts_with(' '));
            let mut keys = keys.filter_map(|line| line.trim_start().split(':').next());
            assert!(keys.any(|known| known == key), "{name} is no key of\n{known}");
        }
    }
    assert!(named > 10, "{named}");
    let variables = text();
    let variables = variables.split(|character: char| !(character.is_ascii_uppercase() || character == '_'));
    for variable in variables.filter(|word| word.starts_with("PX_") && *word != "PX_PROFILE") {
        let (section, key) = variable.trim_start_matches("PX_").split_once("__").expect("PX_SECTION__KEY");
        let key = format!("  {}:", key.to_lowercase());
        assert!(sections.contains(&section.to_lowercase().as_str()) && known.contains(&key), "{variable}");
    }
}

#[test]
fn every_message_that_the_page_explains_is_logged_somewhere() {
    let page = text();
    let table = page.split_once("| message | level |").expect("a table of messages").1;
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut sources = String::new();
    for folder in ["app/src", "crates", "server/src"] {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder), &mut sources);
    }
    let mut explained = 0;
    for row in rows {
        let cell = row.split('|').nth(1).expect("a cell");
        for message in cell.split('`').skip(1).step_by(2) {
            explained += 1;
            assert!(sources.contains(&format!("\"{message}")), "nobody logs {message:?}");
        }
    }
    assert!(explained > 10, "{explained}");
}

fn collect(folder: &Path, sources: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            collect(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_reason_not_to_be_ready_and_every_finding_is_explained() {
    let page = text();
    for reason in [NotReady::Stopping, NotReady::StoreUnavailable] {
        assert!(page.contains(&format!("\"{reason}\"")), "{reason}");
    }
    let findings = page.split_once("| finding | what does not hold |").expect("a table of findings").1;
    let findings: String =
        findings.lines().skip(2).take_while(|line| line.trim_start().starts_with('|')).collect();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/engine/src/verify/finding.rs");
    let source = std::fs::read_to_string(source).unwrap();
    let kinds =
        source.split_once("pub enum Finding {").and_then(|(_, rest)| rest.split_once("\n}")).unwrap().0;
    let kinds: Vec<String> = kinds
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.strip_suffix(" {"))
        .map(|kind| {
            let snake = kind.chars().flat_map(|character| {
                character.is_uppercase().then_some('_').into_iter().chain(character.to_lowercase())
            });
            snake.skip(1).collect()
        })
        .collect();
    assert!(kinds.len() > 10, "{kinds:?}");
    for kind in kinds {
        assert!(findings.contains(&format!("`{kind}`")), "{kind} is not explained");
    }
}

#[test]
fn every_block_of_commands_on_the_page_is_run_by_a_test() {
    let page = text();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/operations");
    let files =
        std::fs::read_dir(folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let tests: String = files.collect();
    let mut above = "";
    let mut blocks = 0;
    for line in page.lines() {
        if line == "```sh" {
            blocks += 1;
            let mark =
                above.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")).unwrap_or_default();
            let used = match mark.split_once(": ") {
                Some(("before", name)) => format!("before: \"{name}\""),
                Some(("run by a test", names)) => {
                    format!("(\"{}\")", names.split_once(", ").unwrap_or_default().1)
                }
                _ => panic!("no mark is above the commands under {above:?}"),
            };
            assert!(tests.contains(&used), "no test has {used}");
        }
        above = line;
    }
    assert!(blocks > 10, "{blocks}");
}
