//! A socket that listens already, handed over as systemd does it.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{Client, Ended, LONG, Service, command, wait_until};

/// The service, about to get so many sockets, the first of them as its standard input.
fn handed(folder: &Path, sockets: &str, first: impl Into<OwnedFd>) -> Command {
    let settings = [("PX_SERVER__PORT", "1"), ("LISTEN_FDS", sockets), ("LISTEN_FDS_FIRST_FD", "0")];
    let mut command = command(folder, &settings);
    command.arg("serve").stdin(Stdio::from(first.into()));
    command
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[test]
fn a_socket_that_is_handed_over_is_listened_on_whatever_is_configured() {
    let folder = tempfile::tempdir().unwrap();
    let (socket, address) = listener();
    let service = Service::spawn(&mut handed(folder.path(), "1", socket));
    assert_eq!(service.address, address);
    assert_eq!(service.get("/health/live").status, 200);
    let ended = service.stop();
    assert!(ended.status.success());
    assert!(ended.stderr.contains("server.ip and server.port are not used"), "{}", ended.stderr);
}

#[test]
fn nobody_is_refused_while_one_service_takes_the_place_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let (socket, address) = listener();
    let mut before = Service::spawn(&mut handed(folder.path(), "1", socket.try_clone().unwrap()));
    assert_eq!(before.get("/health/live").status, 200);
    let after = Service::spawn(&mut handed(folder.path(), "1", socket.try_clone().unwrap()));
    before.signal("TERM");
    wait_until("the first has ended", || {
        let answer = Client::connect(address).expect("somebody listens").get("/health/live");
        assert_eq!(answer.status, 200);
        before.has_ended()
    });
    let mut last = after.connect();
    assert_eq!(last.get("/health/live").status, 200);
    assert!(after.stop().status.success());

    // Nobody serves: who comes waits for whoever is next, and is not refused.
    let mut waiting = std::net::TcpStream::connect_timeout(&address, LONG).expect("the socket listens still");
    std::io::Write::write_all(
        &mut waiting,
        b"GET /health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    )
    .unwrap();
    let next = Service::spawn(&mut handed(folder.path(), "1", socket));
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(next.stop().status.success());
}

#[test]
fn what_cannot_be_listened_on_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |mut command: Command, reason: &str| {
        let ended = Ended::from(command.output().unwrap());
        assert_eq!(ended.code(), Some(1), "{ended:?}");
        assert!(ended.stderr.contains(reason), "{}", ended.stderr);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    };
    refused(handed(folder.path(), "2", listener().0), "hands over 2 sockets: the service listens on one");
    refused(handed(folder.path(), "1", UdpSocket::bind("127.0.0.1:0").unwrap()), "is no TCP socket");
    let file = std::fs::File::open(folder.path()).unwrap();
    refused(handed(folder.path(), "1", file), "is no TCP socket");
    assert!(!folder.path().join("data").exists(), "it was refused before anything was made");
}
