//! More clients than there is room for.

use crate::site::{Site, limits};

#[tokio::test]
async fn a_connection_beyond_the_cap_is_told_to_come_back_later() {
    let site = Site::start(edge::Limits { connections_max: 2, ..limits() }).await;
    let (mut first, mut second) = (site.connect().await, site.connect().await);
    for client in [&mut first, &mut second] {
        client.send("GET /gate HTTP/1.1\r\nhost: h\r\n\r\n").await;
        site.arrival().await;
    }
    let mut third = site.connect().await;
    let reply = third.get("/").await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    assert_eq!(reply.header("connection"), Some("close"));
    assert_eq!(reply.body, "{\"code\":\"TooManyConnections\"}");
    assert!(reply.header("date").is_some());
    third.end().await;
    site.metric("connection_refusals_total{reason=\"too_many_connections\"} 1").await;

    // Those inside noticed nothing, and a place that is left is free again.
    site.open_gate(2);
    assert_eq!(first.reply().await.body, "through");
    assert_eq!(second.get("/").await.body, "through");
    drop(first);
    site.metric("connections 1").await;
    assert_eq!(site.connect().await.get("/").await.status, 200);
}

#[tokio::test]
async fn an_http2_connection_beyond_the_cap_is_told_to_go_away() {
    let site = Site::start(edge::Limits { connections_max: 1, ..limits() }).await;
    let mut first = site.connect().await;
    first.send("GET /gate HTTP/1.1\r\nhost: h\r\n\r\n").await;
    site.arrival().await;
    let mut second = site.connect().await;
    second.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    while second.more().await {}
    // Settings first, as the protocol wants it, then GOAWAY: stream 0 was the last one looked at.
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let goaway = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b];
    assert_eq!(second.rest(), [&settings[..], &goaway].concat());
}

#[tokio::test]
async fn a_crowd_beyond_the_cap_is_turned_away_without_piling_up() {
    let site = Site::start(edge::Limits { connections_max: 1, ..limits() }).await;
    let mut first = site.connect().await;
    first.send("GET /gate HTTP/1.1\r\nhost: h\r\n\r\n").await;
    site.arrival().await;
    let mut crowd = Vec::new();
    for _ in 0..200 {
        crowd.push(site.connect().await);
    }
    // They say nothing: some get the plain answer, those beyond the bound get nothing. All are closed.
    for mut client in crowd {
        while client.more().await {}
        assert!(client.rest().is_empty() || client.rest().starts_with(b"HTTP/1.1 503 "));
    }
    site.open_gate(1);
    assert_eq!(first.reply().await.status, 200);
}
