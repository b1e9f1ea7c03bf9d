//! The sub-commands for users.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use crate::harness::{Ended, Request, Service, command, run, wait_until};

const PASSWORD: &str = "correct horse battery staple";

fn admin(folder: &Path, arguments: &[&str]) -> Ended {
    run(folder, &[], &[&["admin"], arguments].concat())
}

/// Sets a password, which standard input has.
pub(crate) fn set_password(folder: &Path, settings: &[(&str, &str)], email: &str, input: &str) -> Ended {
    let mut command = command(folder, settings);
    command.args(["admin", "set-password", email]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    // It may have ended before it read anything.
    let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
    Ended::from(child.wait_with_output().expect("it ends"))
}

#[test]
fn users_are_created_listed_and_disabled_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[]);
    let admin = |arguments: &[&str]| admin(folder.path(), arguments);
    let ada = admin(&["create-user", "Ada@Example.com", "--name", "Ada Lovelace", "--role", "admin"]);
    assert_eq!(ada.code(), Some(0), "{ada:?}");
    let ada = ada.stdout.trim_end().to_owned();
    let roles = ["--role", "writer", "--ledger", "main"];
    let grace =
        admin(&[&["create-user", "grace@example.com", "--name", "Grace Hopper"][..], &roles].concat());
    let grace = grace.stdout.trim_end().to_owned();
    let expected = format!(
        "{grace}  active    ledger:read,ledger:write@main  grace@example.com  Grace Hopper\n\
         {ada}  active    {}@*  Ada@example.com  Ada Lovelace\n",
        identity::Scopes::all().iter().map(identity::Scope::name).collect::<Vec<_>>().join(",")
    );
    assert_eq!(admin(&["list-users"]).stdout, expected);

    let shown = || service.get(&format!("/v1/users/{ada}")).json();
    assert_eq!((&shown()["created_by"], &shown()["state"]), (&"operator".into(), &"active".into()));
    let disabled = admin(&["disable-user", "ADA@example.com"]);
    assert!(disabled.stdout.starts_with(&format!("{ada} (Ada@example.com) is disabled")), "{disabled:?}");
    wait_until("the running service to notice", || shown()["state"] == "disabled");
    assert!(admin(&["enable-user", "ada@example.com"]).status.success());
    assert_eq!(shown()["state"], "active");

    let trail = service.connect().call(&Request::get("/v1/audit?limit=2")).json();
    for record in trail["items"].as_array().unwrap() {
        assert_eq!((&record["action"], &record["actor"]), (&"user.changed".into(), &"operator".into()));
        assert_eq!(record["subject"], format!("{ada}: state"));
    }
    let role = &["--role", "reader"][..];
    for wrong in [
        &[&["create-user", "ADA@EXAMPLE.COM", "--name", "x"][..], role].concat()[..],
        &[&["create-user", "nowhere", "--name", "x"][..], role].concat(),
        &[&["create-user", "x@example.com", "--name", ""][..], role].concat(),
        &["create-user", "x@example.com", "--name", "x", "--role", "root"],
        &["create-user", "x@example.com", "--name", "x", "--role", "admin", "--ledger", "main"],
        &["disable-user", "nobody@example.com"],
        &["enable-user", "nowhere"],
    ] {
        let ended = admin(wrong);
        assert_eq!(ended.code(), Some(1), "{wrong:?}: {ended:?}");
        assert!(ended.stderr.starts_with("error: "), "{ended:?}");
    }
    assert_eq!(admin(&["list-users"]).stdout, expected, "nothing came of any of it");
}

#[test]
fn a_password_is_read_from_standard_input_and_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[]);
    let ada = ["create-user", "ada@example.com", "--name", "Ada", "--role", "admin"];
    let id = admin(folder.path(), &ada).stdout.trim_end().to_owned();
    let set_at = || service.get(&format!("/v1/users/{id}")).json()["password_set_at"].clone();
    assert!(set_at().is_null());
    let long = "x".repeat(1000);
    for (input, complaint) in [
        ("", "at least 12"),
        ("short\n", "at least 12"),
        (long.as_str(), "at most 128"),
        ("password12345\n", "too easy to guess"),
        ("Ada@Example.com\n", "must not be the name"),
    ] {
        let ended = set_password(folder.path(), &[], "ada@example.com", input);
        assert_eq!(ended.code(), Some(1), "{input}: {ended:?}");
        assert!(ended.stderr.contains(complaint), "{input}: {ended:?}");
    }
    assert!(set_at().is_null());
    let nobody = set_password(folder.path(), &[], "nobody@example.com", PASSWORD);
    assert!(nobody.code() == Some(1) && nobody.stderr.contains("nobody has the address"), "{nobody:?}");
    for input in [format!("{PASSWORD}\n"), format!("{PASSWORD}\r\nnot this\n"), PASSWORD.to_owned()] {
        let ended = set_password(folder.path(), &[], "ADA@example.com", &input);
        assert_eq!(ended.stdout, format!("set the password of {id} (ada@example.com)\n"), "{ended:?}");
        assert_eq!(ended.stderr, "");
    }
    assert!(set_at().is_string());
    let argument = admin(folder.path(), &["set-password", "ada@example.com", PASSWORD]);
    assert_eq!(argument.code(), Some(2), "a password is no argument: {argument:?}");
    let trail = service.connect().call(&Request::get("/v1/audit?limit=1")).json();
    assert_eq!(trail["items"][0]["action"], "user.password_set");
    assert!(!service.stop().stderr.contains(PASSWORD));
}
