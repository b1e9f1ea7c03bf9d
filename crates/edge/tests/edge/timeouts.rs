//! Time that clients may take.

use std::time::Duration;

use tokio::time::Instant;

use crate::site::{Site, limits};

#[tokio::test]
async fn a_client_that_says_nothing_is_closed_without_a_word() {
    let site = Site::start(limits()).await;
    let mut client = site.connect().await;
    let began = Instant::now();
    client.end().await;
    assert!(began.elapsed() >= limits().header_read_timeout);
}

#[tokio::test]
async fn a_slow_head_is_answered_408_however_steadily_it_drips() {
    let site = Site::start(limits()).await;
    let mut client = site.connect().await;
    let (mut read, mut write) = client.socket.split();
    let dripping = async {
        use tokio::io::AsyncWriteExt;
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        for byte in b"GET / HTTP/1.1\r\nhost: h\r\n".iter().chain(std::iter::repeat(&b'x')) {
            ticks.tick().await;
            if write.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
    };
    let mut reply = String::new();
    let reading = tokio::io::AsyncReadExt::read_to_string(&mut read, &mut reply);
    tokio::select! {
        () = dripping => {}
        _ = reading => {}
    }
    assert!(reply.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{reply}");
    assert!(reply.ends_with("{\"code\":\"HeadTimeout\"}"), "{reply}");
    site.metric("connection_refusals_total{reason=\"head_timeout\"} 1").await;
}

#[tokio::test]
async fn a_slow_second_head_is_answered_408_too() {
    let site = Site::start(limits()).await;
    let mut client = site.connect().await;
    assert_eq!(client.get("/").await.status, 200);
    client.send("GET / HTTP/1.1\r\nho").await;
    assert_eq!(client.reply().await.status, 408);
    client.end().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_the_keep_alive_timeout_and_not_before() {
    let site = Site::start(limits()).await;
    let mut client = site.connect().await;
    assert_eq!(client.get("/").await.status, 200);
    assert_eq!(client.get("/").await.status, 200);
    let began = Instant::now();
    client.end().await;
    // Responses are noted in whole milliseconds.
    assert!(began.elapsed() + Duration::from_millis(5) >= limits().keep_alive_timeout);
    site.metric("connections 0").await;
}

#[tokio::test]
async fn a_request_in_hand_has_all_the_time_that_its_handler_takes() {
    let site = Site::start(limits()).await;
    let (mut busy, mut idle) = (site.connect().await, site.connect().await);
    busy.send("GET /gate HTTP/1.1\r\nhost: h\r\n\r\n").await;
    site.arrival().await;
    // An idle connection is the clock: its end says that the time for idling is over.
    idle.get("/").await;
    idle.end().await;
    site.open_gate(1);
    assert_eq!(busy.reply().await.body, "through");
    assert_eq!(busy.get("/").await.status, 200);
}

#[tokio::test]
async fn a_client_that_takes_no_bytes_is_cut_off() {
    let site = Site::start(limits()).await;
    let mut client = site.connect().await;
    client.send("GET /big HTTP/1.1\r\nhost: h\r\n\r\n").await;
    client.more().await;
    // The response is larger than all buffers on its way.
    site.metric("connections 0").await;
}

#[tokio::test]
async fn an_old_connection_is_asked_to_leave_between_two_requests() {
    let age = Duration::from_millis(1200);
    let site = Site::start(edge::Limits { connection_age_max: Some(age), ..limits() }).await;
    let mut client = site.connect().await;
    let began = Instant::now();
    client.send("GET /gate HTTP/1.1\r\nhost: h\r\n\r\n").await;
    site.arrival().await;
    let mut other = site.connect().await;
    other.get("/").await;
    other.end().await;
    // The first is older than the other, and the other is over.
    site.open_gate(1);
    let reply = client.reply().await;
    assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
    client.end().await;
    assert!(began.elapsed() >= age);
}
