//! How the service ends.

use crate::harness::{Client, LONG, Request, Service, wait_until};

const TRANSACTION: &str =
    r#"{"postings":[{"source":"world","destination":"a","asset":"USD/2","amount":"5"}]}"#;

/// Begins a transaction whose body is still to come, and waits until a handler asks for it.
fn begin_transaction(service: &Service) -> Client {
    let mut client = service.connect();
    client.send(&format!(
        "POST /v1/ledgers/main/transactions HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        TRANSACTION.len()
    ));
    assert_eq!(client.reply().status, 100);
    client
}

/// How many entries an export has that is more than sockets take in when nobody reads.
const ENTRIES: usize = 300;

/// Writes a log, begins an export of it, and waits until the first bytes are there.
fn begin_export(service: &Service) -> Client {
    let metadata: Vec<_> = (0..64).map(|n| format!(r#""{n}":"{}""#, "x".repeat(1000))).collect();
    let body = TRANSACTION.replacen('{', &format!(r#"{{"metadata":{{{}}},"#, metadata.join(",")), 1);
    let mut client = service.connect();
    for _ in 0..ENTRIES {
        let posted = client.call(&Request::post("/v1/ledgers/main/transactions").json(&body));
        assert_eq!(posted.status, 201, "{posted:?}");
    }
    client.try_send(&Request::get("/v1/ledgers/main/export").bytes()).unwrap();
    assert!(client.has_something_within(LONG));
    client
}

#[test]
fn a_signal_lets_an_export_be_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[]);
    let mut slow = begin_export(&service);
    service.signal("TERM");
    wait_until("the door to close", || Client::connect(service.address).is_err());
    let exported = slow.reply();
    assert_eq!((exported.status, exported.body.lines().count()), (200, ENTRIES + 1));
    let ended = service.wait();
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("cut off"), "{ended:?}");
}

#[test]
fn an_export_that_is_not_read_in_time_is_cut_off_and_cannot_be_taken_for_whole() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[("PX_SERVER__SHUTDOWN_TIMEOUT_MS", "100")]);
    let mut slow = begin_export(&service);
    let ended = service.stop();
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert!(ended.stderr.contains("cut off: they did not finish in time requests=1"), "{ended:?}");
    slow.try_reply().expect_err("the last chunk is missing");
}

#[test]
fn a_signal_lets_requests_in_flight_finish_and_ends_in_good_order() {
    for signal in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let service = Service::start(folder.path(), &[]);
        let mut idle = service.connect();
        assert_eq!(idle.get("/health/ready").status, 200);
        let mut busy = begin_transaction(&service);

        service.signal(signal);
        wait_until("the door to close", || Client::connect(service.address).is_err());
        assert!(idle.has_ended());
        let reply = busy.send(TRANSACTION).reply();
        assert_eq!((reply.status, reply.header("connection")), (201, Some("close")), "{reply:?}");
        let ended = service.wait();
        assert_eq!(ended.code(), Some(0), "{ended:?}");
        assert!(ended.stderr.contains("stopped"), "{ended:?}");

        let again = Service::start(folder.path(), &[]);
        assert_eq!(again.get("/v1/ledgers/main/transactions/0").status, 200);
    }
}

#[test]
fn what_does_not_finish_in_time_is_cut_off_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[("PX_SERVER__SHUTDOWN_TIMEOUT_MS", "100")]);
    let mut busy = begin_transaction(&service);
    let ended = service.stop();
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert!(ended.stderr.contains("cut off: they did not finish in time requests=1"), "{ended:?}");
    assert!(busy.has_ended());
}

#[test]
fn load_balancers_are_told_before_the_door_closes() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[("PX_SERVER__SHUTDOWN_DELAY_MS", "2000")]);
    let mut probe = service.connect();
    assert_eq!(probe.get("/health/ready").status, 200);
    service.signal("TERM");
    wait_until("the probe to say no", || probe.get("/health/ready").status == 503);
    // The door is still open, and other requests are answered.
    assert_eq!(service.get("/v1/ledgers/main").status, 200);
    assert_eq!(service.get("/health/ready").status, 503);
    assert_eq!(service.wait().code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[("PX_SERVER__SHUTDOWN_TIMEOUT_MS", "600000")]);
    let _busy = begin_transaction(&service);
    service.signal("TERM");
    wait_until("the door to close", || Client::connect(service.address).is_err());
    service.signal("INT");
    let ended = service.wait();
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("error: SIGINT came"), "{ended:?}");
}

#[test]
fn a_client_that_goes_away_in_the_middle_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[]);
    for _ in 0..20 {
        drop(begin_transaction(&service));
    }
    let reply = begin_transaction(&service).send(TRANSACTION).reply();
    assert_eq!(reply.status, 201);
    assert_eq!(service.stop().code(), Some(0));
}

#[test]
fn a_signal_ends_a_stream_of_lines_with_where_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &[]);
    let mut client = service.connect();
    let line = TRANSACTION.replacen('{', r#"{"type":"transaction","#, 1) + "\n";
    client.send(&format!(
        "POST /v1/ledgers/main/batches HTTP/1.1\r\nhost: h\r\ncontent-type: application/x-ndjson\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{line}\r\n",
        line.len()
    ));
    assert!(client.has_something_within(LONG));
    service.signal("TERM");
    let reply = client.reply();
    let lines: Vec<serde_json::Value> =
        reply.body.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert_eq!((&lines[0]["line"], &lines[0]["status"]), (&1.into(), &201.into()), "{reply:?}");
    assert_eq!((&lines[1]["next_line"], &lines[1]["status"]), (&2.into(), &503.into()), "{reply:?}");
    assert_eq!(lines[1]["problem"]["code"], "service.shutting_down");
    let ended = service.wait();
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("cut off"), "{ended:?}");
}
