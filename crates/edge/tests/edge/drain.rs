//! The end of an edge.

use std::time::Duration;

use edge::{Drained, Limits};
use tokio::net::TcpStream;

use crate::site::{LONG, Site, limits};

const NOTHING_LOST: Drained = Drained { connections: 0, requests: 0 };

#[tokio::test]
async fn requests_in_hand_are_finished_and_new_connections_refused() {
    let site = Site::start(limits()).await;
    let (address, mut busy, mut idle) = (site.address, site.connect().await, site.connect().await);
    idle.get("/").await;
    busy.send("GET /gate HTTP/1.1\r\nhost: h\r\n\r\n").await;
    site.arrival().await;
    let gate = site.gate();
    let stopped = tokio::spawn(site.stop());

    idle.end().await;
    assert!(TcpStream::connect(address).await.is_err());
    assert!(!stopped.is_finished());

    gate.open(1);
    let reply = busy.reply().await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "through"));
    assert_eq!(reply.header("connection"), Some("close"));
    busy.end().await;
    assert_eq!(stopped.await.unwrap(), NOTHING_LOST);
}

#[tokio::test]
async fn who_came_just_before_the_end_is_answered() {
    let site = Site::start(Limits { header_read_timeout: LONG, ..limits() }).await;
    let (address, mut silent, mut begun) = (site.address, site.connect().await, site.connect().await);
    begun.send("G").await;
    site.metric("connections 2").await;
    let stopped = tokio::spawn(site.stop());
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    // All of them have been told by now.
    tokio::time::sleep(Duration::from_millis(50)).await;
    silent.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    begun.send("ET / HTTP/1.1\r\nhost: h\r\n\r\n").await;
    for mut client in [silent, begun] {
        assert_eq!(client.reply().await.status, 200);
        client.end().await;
    }
    assert_eq!(stopped.await.unwrap(), NOTHING_LOST);
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_cut_off_and_counted() {
    let site = Site::start(Limits { drain_timeout: Duration::from_millis(200), ..limits() }).await;
    let mut busy = site.connect().await;
    busy.send("GET /gate HTTP/1.1\r\nhost: h\r\n\r\n").await;
    site.arrival().await;
    assert_eq!(site.stop().await, Drained { connections: 1, requests: 1 });
    busy.end().await;
}

#[tokio::test]
async fn clients_that_have_not_said_anything_don_t_hold_up_the_end() {
    let waits =
        Limits { header_read_timeout: LONG, newcomer_timeout: Duration::from_millis(100), ..limits() };
    let site = Site::start(waits).await;
    let mut silent = site.connect().await;
    let mut barely_begun = site.connect().await;
    barely_begun.send("PRI").await;
    site.metric("connections 2").await;
    assert_eq!(site.stop().await, NOTHING_LOST);
    silent.end().await;
    barely_begun.end().await;
}

#[tokio::test]
async fn an_edge_without_clients_stops_at_once() {
    let site = Site::start(limits()).await;
    assert_eq!(site.stop().await, NOTHING_LOST);
}
