//! What is beside the large ledger: other ledgers, users, and schedules, most of them paused or far away. Everything is made
//! under keys or addresses of its own, and can be made again.

use std::net::SocketAddr;

use anyhow::bail;

use crate::bench::load::{Client, account};

/// Ledgers beside the large one.
pub(super) const LEDGERS: u32 = 300;

/// Schedules: of those every third is paused.
const FAR_AWAY: u32 = 300;

/// Schedules that are due at once, so that they have run.
pub(super) const DUE: u32 = 50;

/// Users.
const USERS: u32 = 300;

/// Makes them.
///
/// # Errors
/// The service cannot be reached, or refuses one.
pub(super) fn make(address: SocketAddr, accounts: u32) -> anyhow::Result<()> {
    let mut client = Client::open(address)?;
    for number in 0..LEDGERS {
        let body = format!(r#"{{"name":"branch-{number:03}","metadata":{{"region":"{}"}}}}"#, number % 7);
        post(&mut client, "/v1/ledgers", &format!("branch-{number}"), &body)?;
    }
    for number in 0..USERS {
        let body = format!(
            r#"{{"name":"User {number}","email":"user-{number}@example.com","grants":[{{"role":"reader","ledgers":"all"}}]}}"#
        );
        let reply = client.send("POST", "/v1/users", None, &body)?;
        // The address of one who was made before is taken.
        if !matches!(reply.status, 201 | 409) {
            bail!("/v1/users was answered with {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
        }
    }
    let schedules = "/v1/ledgers/main/schedules";
    for number in 0..DUE + FAR_AWAY {
        let at = if number < DUE { "2026-01-01T00:00:00Z" } else { "2999-01-01T00:00:00Z" };
        let to = account(number % accounts, accounts);
        let body = format!(
            r#"{{"transaction":{{"postings":[{{"source":"world","destination":"{to}","asset":"USD/2","amount":"100"}}]}},"at":"{at}"}}"#
        );
        let made = post(&mut client, schedules, &format!("schedule-{number}"), &body)?;
        if number >= DUE && number % 3 == 0 {
            let made: serde_json::Value = serde_json::from_slice(&made)?;
            let path = format!("{schedules}/{}/pause", made["id"]);
            post(&mut client, &path, &format!("pause-{number}"), "")?;
        }
    }
    Ok(())
}

fn post(client: &mut Client, path: &str, key: &str, body: &str) -> anyhow::Result<Vec<u8>> {
    let reply = client.send("POST", path, Some(key), body)?;
    if !matches!(reply.status, 200 | 201) {
        bail!("{path} was answered with {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
    }
    Ok(reply.body)
}
