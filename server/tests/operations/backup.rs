//! `server backup`, and putting a copy in the database's place.

use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::harness::{Ended, Request, command, run, wait_until};
use crate::page::Shell;
use crate::place::{Held, Place, Stop, send_signal};

/// The file names in a folder, but for what SQLite keeps beside a database.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with("florin.db-")).collect();
    names.sort();
    names
}

#[test]
fn a_backup_made_while_clients_post_can_be_put_in_the_databases_place() {
    let place = Place::on_sqlite();
    let backups = tempfile::tempdir().unwrap();
    let shell = Shell {
        before: "sqlite",
        folder: place.path(),
        stand_ins: vec![
            ("/var/backups", backups.path().display().to_string()),
            ("/var/lib/florin", place.path().display().to_string()),
        ],
        programs: None,
        user: None,
    };
    let configuration = shell.succeed("first-start");
    assert!(configuration.contains(place.path().to_str().unwrap()), "{configuration}");
    let service = place.start();
    Place::post_large(&service, 5);
    let (stop, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(5));
    let (before, after) = std::thread::scope(|scope| {
        let clients_stop = Stop(&stop);
        for client in 0..4 {
            let (stop, acknowledged, service) = (&stop, &acknowledged, &service);
            scope.spawn(move || {
                let mut connection = service.connect();
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let body = format!(
                        r#"{{"postings":[{{"source":"world","destination":"c:{client}","asset":"USD/2","amount":"1"}}],
                        "reference":"{client}-{number}"}}"#
                    );
                    let reply = connection.call(&Request::post("/v1/ledgers/main/transactions").json(body));
                    assert_eq!(reply.status, 201, "{reply:?}");
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        wait_until("posts", || acknowledged.load(Ordering::Relaxed) >= 30);
        let before = acknowledged.load(Ordering::Relaxed);
        let made = shell.run("sqlite-backup");
        let after = acknowledged.load(Ordering::Relaxed);
        drop(clients_stop);
        assert_eq!(made.code(), Some(0), "{made:?}");
        assert!(
            made.stdout.starts_with("main: clean (") && made.stdout.contains("\nbacked up to "),
            "{made:?}"
        );
        assert!(made.stderr.contains(": copying, ") && made.stderr.contains("main: log, "), "{made:?}");
        (before, after)
    });
    assert!(after > before, "clients went on posting meanwhile");
    assert_eq!(names(backups.path()), ["florin-2026-01-31.db"]);
    let log = Place::log(&service);
    assert_eq!(service.stop().code(), Some(0));

    let restored = shell.succeed("sqlite-restore");
    assert!(restored.starts_with("main: clean ("), "{restored}");
    let service = place.start();
    let kept = Place::log(&service);
    assert!(before <= kept.len() && kept.len() < log.len(), "{before} {} {}", kept.len(), log.len());
    assert_eq!(kept[..], log[..kept.len()]);
    Place::post(&service, 1);
    assert_eq!(Place::log(&service).len(), kept.len() + 1);
}

#[test]
fn what_cannot_be_backed_up_is_named_and_nothing_is_written() {
    let place = Place::on_sqlite();
    let missing = place.run(&["backup", "copy.db"]);
    assert_eq!(missing.code(), Some(1));
    assert!(missing.stderr.contains("there is no database `florin.db`"), "{missing:?}");
    assert_eq!(names(place.path()), [""; 0]);

    std::fs::write(place.path().join("florin.db"), "").unwrap();
    let older = place.run(&["backup", "copy.db"]);
    assert_eq!(older.code(), Some(1));
    assert!(older.stderr.contains("older than this version"), "{older:?}");
    assert_eq!(place.run(&["migrate"]).code(), Some(0));

    for (to, part) in [
        ("florin.db", "florin.db` is there already"),
        ("no/folder/copy.db", "cannot write `"),
        ("..", "is there already"),
        ("", "a value is required"),
    ] {
        let refused = place.run(&["backup", to]);
        assert_ne!(refused.code(), Some(0), "{refused:?}");
        assert!(refused.stderr.contains(part), "{to}: {refused:?}");
    }
    assert_eq!(names(place.path()), ["florin.db"]);

    let Some(place) = Place::on_postgres() else { return };
    let refused = place.run(&["backup", "copy.db"]);
    assert_eq!(refused.code(), Some(1));
    assert!(refused.stderr.contains("docs/operations.md"), "{refused:?}");
    assert_eq!(names(place.path()), [""; 0]);
}

#[test]
fn a_copy_that_does_not_hold_is_not_kept_unless_that_was_asked_for() {
    let place = Place::on_sqlite();
    let service = place.start();
    Place::post(&service, 2);
    assert_eq!(service.stop().code(), Some(0));
    place.tamper("UPDATE balances SET posted_in = 7 WHERE address = 'a'");

    let refused = place.run(&["backup", "copy.db"]);
    assert_eq!(refused.code(), Some(1), "{refused:?}");
    assert!(refused.stdout.contains("findings") && !refused.stdout.contains("backed up"), "{refused:?}");
    assert!(refused.stderr.contains("--no-verify"), "{refused:?}");
    assert_eq!(names(place.path()), ["florin.db"]);

    let kept = place.run(&["backup", "--no-verify", "copy.db"]);
    assert_eq!(kept.code(), Some(0), "{kept:?}");
    let settings = place.settings_with(&[("PX_DATABASE__URL", "sqlite://copy.db")]);
    let verified = run(place.path(), &settings, &["verify"]);
    assert_eq!(verified.code(), Some(1), "the damage was copied: {verified:?}");
}

#[test]
fn a_backup_that_is_interrupted_or_finds_no_room_leaves_nothing_behind() {
    let place = Place::on_sqlite();
    let service = place.start();
    Place::post_large(&service, 15);
    assert_eq!(service.stop().code(), Some(0));
    for signal in ["TERM", "INT"] {
        let mut backup = held_in_the_middle(&place);
        send_signal(backup.0.id(), signal);
        send_signal(backup.0.id(), "CONT");
        let mut said = String::new();
        backup.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(backup.0.wait().unwrap().code(), Some(1), "{said}");
        assert!(said.contains(&format!("SIG{signal} came: nothing was backed up")), "{said}");
        assert_eq!(names(place.path()), ["florin.db"]);
    }

    // Files may be 64 KiB at most: whoever writes more hears what a full disk says.
    let backup = command(place.path(), &place.settings());
    let mut limited = std::process::Command::new("bash");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" backup copy.db"]).arg(backup.get_program());
    limited.current_dir(place.path()).envs(place.settings());
    let ended = Ended::from(limited.output().unwrap());
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("cannot copy the database to `"), "{ended:?}");
    assert_eq!(names(place.path()), ["florin.db"]);

    // Nobody cleans up after a kill; but what is left does not bear the name of a backup, nor is it in the way.
    drop(held_in_the_middle(&place));
    assert!(!place.path().join("copy.db").exists());
    let again = place.run(&["backup", "copy.db"]);
    assert_eq!(again.code(), Some(0), "{again:?}");
}

/// Starts a backup, and stops it with the copy begun.
fn held_in_the_middle(place: &Place) -> Held {
    let before = names(place.path());
    let mut backup = command(place.path(), &place.settings());
    backup.args(["backup", "copy.db"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let backup = Held(backup.spawn().unwrap());
    let is_draft = |name: &str| name.starts_with(".copy.db.") && name.ends_with(".unfinished");
    let begun = || {
        let found = names(place.path()).into_iter().find(|name| is_draft(name) && !before.contains(name))?;
        Some(place.path().join(found).join("copy.db")).filter(|draft| draft.exists())
    };
    wait_until("a copy", || begun().is_some());
    send_signal(backup.0.id(), "STOP");
    assert!(begun().is_some() && !place.path().join("copy.db").exists(), "it was over already");
    backup
}
