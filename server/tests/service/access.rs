//! The first key, and the sub-commands for keys.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::harness::{ADMIN_KEY, Request, Service, run};
use crate::users::set_password;

/// No key and no secret in the configuration.
const NONE: (&str, &str) = ("PX_AUTHENTICATION__ADMIN_KEY", "");
const NO_SECRET: (&str, &str) = ("PX_AUTHENTICATION__SECRET", "");

fn ask(service: &Service, key: &str) -> u16 {
    service.connect().call(&Request::get("/v1/ledgers").key(key)).status
}

#[test]
fn in_dev_the_first_start_leaves_a_key_and_says_where_and_never_which() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data/admin-key");
    let service = Service::start(folder.path(), &[NONE]);
    let key = fs::read_to_string(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(ask(&service, key.trim_end()), 200);
    assert_eq!(service.get("/v1/ledgers").status, 401, "there is no other key");
    let first = service.stop();

    let service = Service::start(folder.path(), &[NONE]);
    assert_eq!(fs::read_to_string(&file).unwrap(), key);
    assert_eq!(ask(&service, key.trim_end()), 200);
    let address = service.address;
    let second = service.stop();
    assert!(second.stderr.contains(&format!("http://{address}/v1/principal")), "{second:?}");
    for ended in [first, second] {
        assert!(ended.stderr.contains("$(cat data/admin-key)"), "{ended:?}");
        assert!(!ended.stderr.contains(&key[20..68]), "the secret is in the log");
        assert_eq!(ended.stdout, "", "the first line is the only one");
    }
}

#[test]
fn a_key_that_outlives_its_database_opens_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("data/admin-key"), format!("{ADMIN_KEY}\n")).unwrap();
    let service = Service::start(folder.path(), &[NONE]);
    assert_eq!(ask(&service, ADMIN_KEY), 200);
    drop(service);
    let other = tempfile::tempdir().unwrap();
    fs::create_dir(other.path().join("data")).unwrap();
    fs::write(other.path().join("data/admin-key"), "hunter2").unwrap();
    let ended = run(other.path(), &[NONE, ("PX_SERVER__PORT", "0")], &["serve"]);
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("data/admin-key") && !ended.stderr.contains("hunter2"), "{ended:?}");
}

#[test]
fn production_starts_with_an_admin_key_or_says_how_to_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        NONE,
        ("PX_PROFILE", "prod"),
        ("PX_DATABASE__URL", "sqlite://florin.db"),
        ("PX_SERVER__IP", "127.0.0.1"),
        ("PX_SERVER__PORT", "0"),
    ];
    let admin = |arguments: &[&str]| run(folder.path(), &settings, &[&["admin"], arguments].concat());
    assert!(run(folder.path(), &settings, &["migrate"]).status.success());
    let refuses = || {
        let ended = run(folder.path(), &settings, &["serve"]);
        assert_eq!(ended.code(), Some(1), "{ended:?}");
        let last = ended.stderr.lines().last().unwrap();
        assert!(last.contains("server admin create-key NAME"), "{last}");
    };
    refuses();
    // One that may only read administers nothing.
    assert!(admin(&["create-key", "dashboard", "--role", "reader"]).status.success());
    refuses();
    let created = admin(&["create-key", "alice", "--expires-in-days", "90"]);
    let key = created.stdout.trim_end();
    let service = Service::start(folder.path(), &settings);
    assert_eq!(ask(&service, key), 200);

    let id = &key[7..19];
    let listed = admin(&["list-keys"]).stdout;
    let first = listed.lines().next().unwrap();
    assert!(first.starts_with(&format!("{id}  active ")) && first.ends_with("  alice"), "{listed}");
    assert!(!listed.contains(&key[20..]), "{listed}");
    assert!(admin(&["revoke-key", id]).stdout.starts_with(&format!("revoked {id} (alice)")));
    crate::harness::wait_until("the running service to notice", || ask(&service, key) == 401);
    assert!(admin(&["list-keys"]).stdout.contains(&format!("{id}  revoked")));
    assert_eq!(admin(&["revoke-key", "000000000000"]).code(), Some(1));
    drop(service);
    refuses();

    // Users let others in as well, once they can come in themselves.
    let create = |email: &str, role: &str| {
        assert!(admin(&["create-user", email, "--name", "A", "--role", role]).status.success());
    };
    let give = |email: &str| {
        assert!(
            set_password(folder.path(), &settings, email, "correct horse battery staple").status.success()
        );
    };
    create("reader@example.com", "reader");
    give("reader@example.com");
    create("admin@example.com", "admin");
    refuses();
    give("admin@example.com");
    drop(Service::start(folder.path(), &settings));
    assert!(admin(&["disable-user", "admin@example.com"]).status.success());
    refuses();
}

#[test]
fn in_dev_the_first_start_leaves_a_secret_and_the_next_one_finds_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data/secret");
    let first = Service::start(folder.path(), &[NO_SECRET]).stop();
    let secret = fs::read_to_string(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!first.stderr.contains(secret.trim_end()), "the secret is in the log");
    drop(Service::start(folder.path(), &[NO_SECRET]));
    assert_eq!(fs::read_to_string(&file).unwrap(), secret);
    fs::write(&file, "hunter2").unwrap();
    let ended = run(folder.path(), &[NO_SECRET, ("PX_SERVER__PORT", "0")], &["serve"]);
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("data/secret") && !ended.stderr.contains("hunter2"), "{ended:?}");
}

#[test]
fn production_starts_with_a_secret_or_says_how_to_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let settings = |secret| {
        [
            ("PX_PROFILE", "prod"),
            ("PX_DATABASE__URL", "sqlite://florin.db"),
            ("PX_DATABASE__MIGRATE_ON_START", "true"),
            ("PX_SERVER__IP", "127.0.0.1"),
            ("PX_SERVER__PORT", "0"),
            ("PX_AUTHENTICATION__SECRET", secret),
        ]
    };
    let ended = run(folder.path(), &settings(""), &["serve"]);
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    let last = ended.stderr.lines().last().unwrap();
    assert!(last.contains("server admin generate-secret"), "{last}");
    let generated = run(folder.path(), &settings(""), &["admin", "generate-secret"]).stdout;
    let secret = generated.trim_end();
    drop(Service::start(folder.path(), &settings(secret)));
    let shown = run(folder.path(), &settings(secret), &["config"]);
    assert!(shown.status.success() && !shown.stdout.contains(secret), "{shown:?}");
    let mistyped = &secret[..secret.len() - 1];
    let ended = run(folder.path(), &settings(mistyped), &["serve"]);
    assert_eq!(ended.code(), Some(1));
    assert!(ended.stderr.contains("authentication.secret") && !ended.stderr.contains(mistyped), "{ended:?}");
}

#[test]
fn keys_for_some_ledgers_are_made_on_the_command_line_too() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[]);
    let made = run(folder.path(), &[], &["admin", "create-key", "a", "--role", "writer", "--ledger", "main"]);
    let key = made.stdout.trim_end();
    let status = |path: &str| service.connect().call(&Request::get(path).key(key)).status;
    assert_eq!((status("/v1/ledgers/main"), status("/v1/ledgers/eu"), status("/v1/keys")), (200, 404, 403));
    let refused = run(folder.path(), &[], &["admin", "create-key", "a", "--ledger", "main"]);
    assert_eq!(refused.code(), Some(1), "an admin's rights are for all ledgers");
    for role in ["root", ""] {
        assert_eq!(run(folder.path(), &[], &["admin", "create-key", "a", "--role", role]).code(), Some(1));
    }
}

#[test]
fn a_generated_key_opens_a_service_that_is_given_it() {
    let folder = tempfile::tempdir().unwrap();
    let generated = run(folder.path(), &[], &["admin", "generate-key"]);
    let key = generated.stdout.trim_end();
    assert!(!folder.path().join("data").exists(), "nothing is touched");
    let service = Service::start(folder.path(), &[("PX_AUTHENTICATION__ADMIN_KEY", key)]);
    assert_eq!(ask(&service, key), 200);
    drop(service);
    let mistyped = &key[..key.len() - 1];
    let ended = run(folder.path(), &[("PX_AUTHENTICATION__ADMIN_KEY", mistyped)], &["serve"]);
    assert_eq!(ended.code(), Some(1));
    assert!(
        ended.stderr.contains("authentication.admin_key") && !ended.stderr.contains(mistyped),
        "{ended:?}"
    );
}
