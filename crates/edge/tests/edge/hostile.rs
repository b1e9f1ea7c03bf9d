//! Requests that no well-behaved client sends.

use crate::client::Client;
use crate::site::{Site, limits};

/// Expects a refusal of this kind, and the end of the connection.
async fn refused(client: &mut Client, status: u16, code: &str) {
    let reply = client.reply().await;
    assert_eq!((reply.status, reply.body.as_str()), (status, format!("{{\"code\":\"{code}\"}}").as_str()));
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    assert_eq!(reply.header("connection"), Some("close"));
    client.end().await;
}

#[tokio::test]
async fn what_is_not_http_is_answered_with_a_problem() {
    let site = Site::start(limits()).await;
    for text in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nhost: h\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nhost: h\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon here\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad name: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: h\r\nx: \x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: h\r\nx: a\r\n folded\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: -1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        b"POST /echo HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
    ] {
        let mut client = site.connect().await;
        client.send(text).await;
        refused(&mut client, 400, "Malformed").await;
    }
    site.metric("connection_refusals_total{reason=\"malformed\"} 14").await;
}

#[tokio::test]
async fn half_a_head_and_a_closed_side_is_answered_with_a_problem() {
    let site = Site::start(limits()).await;
    for text in ["GET / HTTP/1.1\r\nhost: h\r\n", "P"] {
        let mut client = site.connect().await;
        client.send(text).await;
        tokio::io::AsyncWriteExt::shutdown(&mut client.socket).await.unwrap();
        refused(&mut client, 400, "Malformed").await;
    }
}

#[tokio::test]
async fn who_does_not_say_for_whom_a_request_is_gets_a_problem() {
    let site = Site::start(limits()).await;
    for hosts in ["", "host: a\r\nhost: a\r\n", "host: a b\r\n", "host: user@h\r\n"] {
        let mut client = site.connect().await;
        client.send(format!("GET / HTTP/1.1\r\n{hosts}\r\nGET /2 HTTP/1.1\r\nhost: h\r\n\r\n")).await;
        refused(&mut client, 400, "Malformed").await;
    }
    site.metric("connection_refusals_total{reason=\"malformed\"} 4").await;
}

#[tokio::test]
async fn heads_beyond_the_limits_are_answered_with_a_problem() {
    let site = Site::start(limits()).await;
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(21));
    let large = format!("GET / HTTP/1.1\r\nhost: h\r\nx: {}\r\n\r\n", "x".repeat(8192));
    let long = format!("GET /{} HTTP/1.1\r\nhost: h\r\n\r\n", "x".repeat(8192));
    let endless = format!("GET / HTTP/1.1\r\nhost: h\r\nx: {}", "x".repeat(9000));
    for head in [many, large, long, endless] {
        let mut client = site.connect().await;
        client.send(head).await;
        refused(&mut client, 431, "HeadTooLarge").await;
    }
}

#[tokio::test]
async fn heads_within_the_limits_are_served() {
    let site = Site::start(limits()).await;
    let many = format!("GET / HTTP/1.1\r\nhost: h\r\n{}\r\n", "x: y\r\n".repeat(19));
    let long = format!("GET /{} HTTP/1.1\r\nhost: h\r\n\r\n", "x".repeat(8100));
    for head in [many, long] {
        let mut client = site.connect().await;
        client.send(head).await;
        assert_eq!(client.reply().await.status, 200);
    }
}

#[tokio::test]
async fn a_malformed_request_behind_a_good_one_is_answered_after_it() {
    let site = Site::start(limits()).await;
    let mut client = site.connect().await;
    client.send("GET /1 HTTP/1.1\r\nhost: h\r\n\r\nGET /2 HTTP/1.1\r\nhost: h\r\n\r\n").await;
    assert_eq!(client.reply().await.body, "GET /1");
    assert_eq!(client.reply().await.body, "GET /2");
    client.send("BAD\r\n\r\n").await;
    refused(&mut client, 400, "Malformed").await;
}

#[tokio::test]
async fn odd_but_lawful_requests_reach_the_handler() {
    let site = Site::start(limits()).await;
    for (request, body) in [
        ("PROPFIND / HTTP/1.1\r\nhost: h\r\n\r\n", "PROPFIND /"),
        ("M-SEARCH /a/../b//c HTTP/1.1\r\nhost: h\r\n\r\n", "M-SEARCH /a/../b//c"),
        ("OPTIONS * HTTP/1.1\r\nhost: h\r\n\r\n", "OPTIONS *"),
        ("GET http://other/x?y HTTP/1.1\r\nhost: h\r\n\r\n", "GET http://other/x?y"),
        ("GET /%00%ff%2e%2e?%zz HTTP/1.1\r\nhost: h\r\n\r\n", "GET /%00%ff%2e%2e?%zz"),
        ("CONNECT h:1 HTTP/1.1\r\nhost: h\r\n\r\n", ""),
        ("GET / HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", "GET /"),
        (
            "GET / HTTP/1.1\r\nhost: h\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\n\
             http2-settings: AAMAAABkAAQAAP__\r\n\r\n",
            "GET /",
        ),
        ("GET / HTTP/1.1\r\nhost:\r\n\r\n", "GET /"),
        ("GET / HTTP/1.0\r\n\r\n", "GET /"),
        ("\r\n\r\nGET / HTTP/1.1\r\nhost: h\r\n\r\n", "GET /"),
    ] {
        let mut client = site.connect().await;
        client.send(request).await;
        let reply = client.reply().await;
        assert_eq!((reply.status, reply.body.as_str()), (200, body), "{request}");
    }
}

#[tokio::test]
async fn a_client_reads_its_answer_though_its_body_was_never_taken() {
    let site = Site::start(limits()).await;
    let mut client = site.connect().await;
    client.send("POST /too-large HTTP/1.1\r\nhost: h\r\ncontent-length: 100000000\r\n\r\n").await;
    let megabyte = vec![0; 1 << 20];
    for _ in 0..4 {
        // It goes on sending, as clients do that don't listen while they send.
        if tokio::io::AsyncWriteExt::write_all(&mut client.socket, &megabyte).await.is_err() {
            break;
        }
    }
    assert_eq!(client.reply().await.body, "too large");
}

#[tokio::test]
async fn a_body_that_breaks_off_reaches_the_handler_as_an_error() {
    let site = Site::start(limits()).await;
    for text in [
        "POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
    ] {
        let mut client = site.connect().await;
        client.send(text).await;
        tokio::io::AsyncWriteExt::shutdown(&mut client.socket).await.unwrap();
        let reply = client.reply().await;
        assert_eq!((reply.status, reply.body.as_str()), (400, "truncated"));
    }
}

#[tokio::test]
async fn a_client_that_waits_for_leave_to_send_its_body_gets_it() {
    let site = Site::start(limits()).await;
    let mut client = site.connect().await;
    client.send("POST /echo HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n").await;
    assert_eq!(client.reply().await.status, 100);
    client.send("abc").await;
    assert_eq!(client.reply().await.body, "abc");
}

#[tokio::test]
async fn a_handler_that_panics_takes_down_its_own_connection_only() {
    let site = Site::start(limits()).await;
    let (mut victim, mut other) = (site.connect().await, site.connect().await);
    other.get("/").await;
    victim.send("GET /panic HTTP/1.1\r\nhost: h\r\n\r\n").await;
    victim.end().await;
    assert_eq!(other.get("/").await.status, 200);
    assert_eq!(site.connect().await.get("/").await.status, 200);
    site.metric("connections 1").await;
}

#[tokio::test]
async fn clients_that_vanish_in_the_middle_leave_nothing_behind() {
    let site = Site::start(limits()).await;
    for text in [
        "GET /gate HTTP/1.1\r\nhost: h\r\n\r\n",
        "POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nabc",
    ] {
        let mut client = site.connect().await;
        client.send(text).await;
        site.metric("connections 1").await;
        drop(client);
        site.metric("connections 0").await;
    }
}
