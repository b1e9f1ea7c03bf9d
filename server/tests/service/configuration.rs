//! Where values come from, and what happens to those that cannot be used.

use std::fs;
use std::path::Path;

use crate::harness::{Ended, run};

fn config(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Ended {
    run(folder, settings, &[&["config"], arguments].concat())
}

/// Expects a key with a value and a source.
fn shows(config: &Ended, key: &str, value: &str, source: &str) {
    let start = format!("  {key}: {value} ");
    let end = format!("# {source}");
    let shown = config.stdout.lines().any(|line| line.starts_with(&start) && line.ends_with(&end));
    assert!(shown, "no `{start}` with `{end}` in\n{}", config.stdout);
}

#[test]
fn without_a_folder_everything_has_a_default() {
    let folder = tempfile::tempdir().unwrap();
    let shown = config(folder.path(), &[], &[]);
    assert!(shown.status.success(), "{shown:?}");
    assert!(shown.stdout.starts_with("# profile: dev "));
    shows(&shown, "port", "8000", "default");
    shows(&shown, "ip", "127.0.0.1", "default");
    shows(&shown, "url", "sqlite://data/florin.db", "default for dev");
    shows(&shown, "create_ledgers", "[\"main\"]", "default for dev");
}

#[test]
fn variables_go_before_the_profiles_file_and_that_before_the_base() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("configuration");
    fs::create_dir(&files).unwrap();
    fs::write(files.join("base.yml"), "server:\n  port: 1\n  workers: 1\n  headers_max: 50\n").unwrap();
    fs::write(files.join("dev.yml"), "server:\n  port: 2\n  workers: 2\n").unwrap();
    let settings = [("PX_SERVER__PORT", "3")];
    let check = |shown: &Ended, base: &str, dev: &str| {
        shows(shown, "port", "3", "PX_SERVER__PORT");
        shows(shown, "workers", "2", dev);
        shows(shown, "headers_max", "50", base);
        shows(shown, "connections_max", "4096", "default");
    };
    let shown = config(folder.path(), &settings, &[]);
    check(&shown, "configuration/base.yml", "configuration/dev.yml");
    // A file of the profile's name takes the place of the built-in one.
    assert!(!shown.stdout.contains("default for dev"), "{}", shown.stdout);

    // The folder is looked for upwards.
    let below = folder.path().join("a/b");
    fs::create_dir_all(&below).unwrap();
    let full = |name| fs::canonicalize(files.join(name)).unwrap().display().to_string();
    check(&config(&below, &settings, &[]), &full("base.yml"), &full("dev.yml"));
}

#[test]
fn what_is_printed_can_be_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("PX_TELEMETRY__FILTER", "info,sqlx=debug"), ("PX_SERVER__IP", "::1")];
    let first = config(folder.path(), &settings, &[]);
    fs::create_dir(folder.path().join("configuration")).unwrap();
    fs::write(folder.path().join("configuration/dev.yml"), &first.stdout).unwrap();
    let values = |config: &Ended| -> Vec<String> {
        config.stdout.lines().map(|line| line.split(" #").next().unwrap().trim_end().to_owned()).collect()
    };
    let second = config(folder.path(), &[], &[]);
    assert!(second.status.success(), "{second:?}");
    assert_eq!(values(&first)[1..], values(&second)[1..]);
}

#[test]
fn the_profile_is_asked_for_on_the_command_line_or_by_a_variable() {
    let folder = tempfile::tempdir().unwrap();
    let url = ("PX_DATABASE__URL", "sqlite://florin.db");
    let shown = config(folder.path(), &[url, ("PX_PROFILE", "prod")], &[]);
    assert!(shown.stdout.starts_with("# profile: prod "), "{shown:?}");
    shows(&shown, "ip", "0.0.0.0", "default for prod");
    shows(&shown, "format", "json", "default");
    let shown = config(folder.path(), &[url, ("PX_PROFILE", "prod")], &["--profile", "dev"]);
    assert!(shown.stdout.starts_with("# profile: dev "), "{shown:?}");
    let refused = config(folder.path(), &[("PX_PROFILE", "staging")], &[]);
    assert_eq!(refused.code(), Some(1));
    assert_eq!(
        refused.stderr,
        "error: in the configuration, the profile (PX_PROFILE): `staging` is no profile: there are `dev` and \
         `prod`\n"
    );
}

#[test]
fn an_unknown_variable_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let refused = run(folder.path(), &[("PX_SERVER__PROT", "1")], &["serve"]);
    assert_eq!(refused.code(), Some(1));
    assert_eq!(
        refused.stderr,
        "error: in the configuration, server.prot (PX_SERVER__PROT): there is no such key; is server.port \
         meant?\n"
    );
    assert_eq!(refused.stdout, "");
}

#[test]
fn unknown_keys_are_refused_by_name_at_every_level() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("configuration")).unwrap();
    let text = "colour: blue\nserver:\n  prot: 1\n  ip:\n    v4: 127.0.0.1\nsevrer:\n  port: 1\n";
    fs::write(folder.path().join("configuration/dev.yml"), text).unwrap();
    let refused = run(folder.path(), &[("PX_DATABASE", "x"), ("PX_WHATEVER", "1")], &["serve"]);
    assert_eq!(refused.code(), Some(1));
    for line in [
        "error: the configuration has 7 mistakes:",
        "  colour (configuration/dev.yml): there is no such key; `server config` lists all",
        "  server.prot (configuration/dev.yml): there is no such key; is server.port meant?",
        "  server.ip.v4 (configuration/dev.yml): there is no such key; is server.ip meant?",
        "  sevrer.port (configuration/dev.yml): there is no such key; is server.port meant?",
        "  database (PX_DATABASE): it is a section and takes no value; its keys are like database.busy_timeout_ms",
        "  whatever (PX_WHATEVER): there is no such key; `server config` lists all",
    ] {
        assert!(refused.stderr.lines().any(|said| said == line), "no `{line}` in\n{}", refused.stderr);
    }
    // The seventh: this dev.yml does not say where the database is.
    assert!(refused.stderr.contains("  database.url (default): it is not set"), "{}", refused.stderr);
}

#[test]
fn all_wrong_values_are_named_at_once_with_key_and_source() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("configuration")).unwrap();
    let text = "server:\n  port: 99999\ntelemetry:\n  format: xml\ndatabase:\n  url: sqlite://x.db\n";
    fs::write(folder.path().join("configuration/dev.yml"), text).unwrap();
    let settings = [
        ("PX_SERVER__IP", "1.2.3"),
        ("PX_SERVER__WORKERS", "many"),
        ("PX_SERVER__BODY_MAX_BYTES", "1"),
        ("PX_DATABASE__MIGRATE_ON_START", "maybe"),
        ("PX_DATABASE__STATEMENT_TIMEOUT_MS", "0"),
        ("PX_DATABASE__WRITERS", "0"),
        ("PX_ENGINE__CREATE_LEDGERS", "main"),
        ("PX_ENGINE__QUEUE_MAX", "-1"),
        ("PX_TELEMETRY__FILTER", "a=b=c"),
    ];
    let refused = run(folder.path(), &settings, &["serve"]);
    assert_eq!(refused.code(), Some(1));
    for start in [
        "error: the configuration has 11 mistakes:",
        "  server.port (configuration/dev.yml): 99999 is not a whole number up to 65535",
        "  telemetry.format (configuration/dev.yml): xml is none of pretty, json",
        "  server.ip (PX_SERVER__IP): \"1.2.3\" is not right: invalid IP address syntax",
        "  server.workers (PX_SERVER__WORKERS): many is not a whole number, 0 or more",
        "  server.body_max_bytes (PX_SERVER__BODY_MAX_BYTES): 1 is not within 1024 and 67108864",
        "  database.statement_timeout_ms (PX_DATABASE__STATEMENT_TIMEOUT_MS): 0 is not within 10 and 600000",
        "  database.writers (PX_DATABASE__WRITERS): 0 is not within 1 and 64",
        "  database.migrate_on_start (PX_DATABASE__MIGRATE_ON_START): maybe is not true or false",
        "  engine.create_ledgers (PX_ENGINE__CREATE_LEDGERS): main is not a list, as in [a, b]",
        "  engine.queue_max (PX_ENGINE__QUEUE_MAX): -1 is not a whole number, 0 or more",
        "  telemetry.filter (PX_TELEMETRY__FILTER): \"a=b=c\" is no filter ",
    ] {
        assert!(
            refused.stderr.lines().any(|said| said.starts_with(start)),
            "no `{start}` in\n{}",
            refused.stderr
        );
    }
    // `config` shows them where they stand, and says what is wrong with them.
    let shown = config(folder.path(), &settings, &[]);
    assert_eq!((shown.code(), shown.stderr), (Some(1), refused.stderr));
    assert!(shown.stdout.contains("  workers: many "), "{}", shown.stdout);
}

#[test]
fn a_file_that_is_no_yaml_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("configuration")).unwrap();
    fs::write(folder.path().join("configuration/base.yml"), "server: [\n").unwrap();
    let refused = run(folder.path(), &[], &["serve"]);
    assert_eq!(refused.code(), Some(1));
    assert!(refused.stderr.contains("the file (configuration/base.yml): "), "{}", refused.stderr);
}

#[test]
fn in_production_somebody_has_to_say_where_the_database_is() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["serve", "migrate"] {
        let refused = run(folder.path(), &[], &[command, "--profile", "prod"]);
        assert_eq!(refused.code(), Some(1));
        assert!(refused.stderr.contains("database.url (default): it is not set"), "{}", refused.stderr);
        assert!(refused.stderr.contains("PX_DATABASE__URL=sqlite://"), "{}", refused.stderr);
    }
}

#[test]
fn no_secret_is_ever_shown() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("PX_DATABASE__URL", "mysql://florin:hunter2@db/florin?password=hunter2")];
    let hidden = "mysql://***@db/florin?password=***";
    let shown = config(folder.path(), &settings, &[]);
    assert!(shown.stdout.contains(hidden), "{}", shown.stdout);
    let refused = run(folder.path(), &settings, &["serve"]);
    assert_eq!(refused.code(), Some(1));
    assert!(refused.stderr.contains(hidden) && refused.stderr.contains("sqlite://"), "{}", refused.stderr);
    for text in [shown.stdout, shown.stderr, refused.stdout, refused.stderr] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}
