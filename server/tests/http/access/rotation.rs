//! Signing keys under several replicas: a token that one gives, the others take, also while keys change. Played on both
//! databases.

use std::path::Path;

use serde_json::Value;

use crate::harness::{ADMIN_KEY, Request, Service, run, wait_until};

fn give(service: &Service) -> String {
    let id = &ADMIN_KEY[7..19];
    let request = Request::post("/oauth/token")
        .without_key()
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("grant_type=client_credentials&client_id={id}&client_secret={ADMIN_KEY}"));
    let reply = service.connect().call(&request);
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["access_token"].as_str().expect("a token").to_owned()
}

fn status(service: &Service, token: &str) -> u16 {
    service.connect().call(&Request::get("/v1/principal").key(token)).status
}

/// The names of the keys that a service publishes.
fn published(service: &Service) -> Vec<String> {
    let set: Value = service.get("/.well-known/jwks.json").json();
    let keys = set["keys"].as_array().expect("a list").clone();
    keys.iter().map(|key| key["kid"].as_str().expect("a name").to_owned()).collect()
}

fn rotate(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> String {
    let asked = [&["admin", "rotate-signing-key"], arguments].concat();
    let ended = run(folder, settings, &asked);
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    ended.stdout
}

/// Plays it with two replicas on one database.
pub(crate) fn tokens_outlive_a_rotation_on_every_replica_and_no_revocation(
    folder: &Path,
    settings: &[(&str, &str)],
) {
    let replicas = [Service::start(folder, settings), Service::start(folder, settings)];
    // Whoever is first makes the key; the other one finds it at once.
    let early = give(&replicas[0]);
    assert_eq!([status(&replicas[0], &early), status(&replicas[1], &early)], [200, 200]);
    let other = give(&replicas[1]);
    assert_eq!(status(&replicas[0], &other), 200);
    let first = published(&replicas[0]);
    assert_eq!(first.len(), 1);
    assert_eq!(published(&replicas[1]), first);

    let said = rotate(folder, settings, &[]);
    for replica in &replicas {
        wait_until("the new key to be published", || published(replica).len() == 2);
        wait_until("the new key to sign", || {
            let token = give(replica);
            for any in &replicas {
                assert_eq!(status(any, &token), 200);
            }
            published(replica)[1..] == [said.split(' ').nth(5).expect("the name of the key").to_owned()]
        });
        assert_eq!(status(replica, &early), 200);
    }

    let late = give(&replicas[0]);
    rotate(folder, settings, &["--revoke-earlier"]);
    for replica in &replicas {
        wait_until("earlier tokens to be refused", || status(replica, &early) == 401);
        wait_until("earlier tokens to be refused", || status(replica, &late) == 401);
        wait_until("one key to be published", || published(replica).len() == 1);
    }
    let fresh = give(&replicas[1]);
    assert_eq!([status(&replicas[0], &fresh), status(&replicas[1], &fresh)], [200, 200]);
    for replica in replicas {
        assert_eq!(replica.stop().code(), Some(0));
    }
}
