//! What the binary says about itself.

use crate::harness::run;

#[test]
fn help_names_every_command_and_gives_examples() {
    let folder = tempfile::tempdir().unwrap();
    let help = run(folder.path(), &[], &["--help"]);
    assert!(help.status.success());
    let commands = ["serve", "migrate", "verify", "backup", "openapi", "config"];
    for part in commands.iter().chain(&["--profile", "Examples:", "PX_SERVER__PORT"]) {
        assert!(help.stdout.contains(part), "no {part} in\n{}", help.stdout);
    }
    for command in commands {
        let help = run(folder.path(), &[], &[command, "--help"]);
        assert!(help.status.success() && help.stdout.contains("Usage: server"), "{command}: {help:?}");
    }
    assert!(run(folder.path(), &[], &["verify", "--help"]).stdout.contains("server verify --ledger"));
}

#[test]
fn what_is_no_command_is_refused_with_what_may_have_been_meant() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run(folder.path(), &[], &["verfy"]);
    assert_eq!(ended.code(), Some(2));
    assert!(ended.stderr.contains("'verify'"), "{}", ended.stderr);
}

#[test]
fn the_description_of_the_api_is_printed_whatever_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let printed = run(folder.path(), &[("PX_NONSENSE", "1")], &["openapi"]);
    assert!(printed.status.success(), "{printed:?}");
    let document: serde_json::Value = serde_json::from_str(&printed.stdout).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/v1/ledgers/{ledger}/transactions"]["post"].is_object());
}
