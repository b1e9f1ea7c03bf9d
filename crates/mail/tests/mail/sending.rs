//! Over SMTP: how mails arrive, when they are tried again, and when they are given up.

use std::time::Duration;

use mail::{
    Letter, Link, Mail, MailMetrics, Outbox, OutboxFull, OutboxOptions, SecondFactorChange, SendError,
    Sender, SmtpOptions, SmtpTls, Transport, Unsent,
};
use tokio::net::TcpListener;

use crate::server::SmtpServer;

const DRAIN: Duration = Duration::from_secs(20);

pub(crate) fn sender() -> Sender {
    Sender::parse("Florin <florin@florin.example>").unwrap()
}

pub(crate) fn reset() -> Letter {
    let link = Link::new("https://florin.example/set-password#token=0123456789abcdef".to_owned());
    Letter::PasswordReset { name: "Ada Lovelace".to_owned(), link, minutes: 30 }
}

fn mail() -> Mail {
    Mail { to: "ada@example.com".to_owned(), about: "0123456789ab".to_owned(), letter: reset() }
}

pub(crate) fn options() -> OutboxOptions {
    OutboxOptions {
        waiting_max: 10,
        attempts_max: 4,
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(5),
        timeout: Duration::from_secs(10),
    }
}

fn outbox(transport: Transport) -> Outbox {
    Outbox::open(transport, sender(), options(), MailMetrics::default())
}

/// Joins the lines that quoted-printable broke.
pub(crate) fn unfolded(data: &str) -> String {
    data.replace("\r\n", "\n").replace("=\n", "").replace("=3D", "=")
}

#[tokio::test]
async fn a_mail_arrives_encrypted_or_not_as_it_is_configured() {
    for tls in [SmtpTls::Implicit, SmtpTls::StartTls, SmtpTls::Off] {
        let server = SmtpServer::start(tls, &[]).await;
        server.transport().send(&sender(), "ada@example.com", &reset()).await.unwrap();
        let [received] = &server.received()[..] else { panic!("{tls:?}: {:?}", server.received()) };
        assert_eq!(
            (received.from.as_str(), received.to.as_str()),
            ("florin@florin.example", "ada@example.com")
        );
        assert_eq!((received.encrypted, received.authenticated), (tls != SmtpTls::Off, false), "{tls:?}");
        let data = unfolded(&received.data);
        for part in [
            "From: Florin <florin@florin.example>\n",
            "To: ada@example.com\n",
            "Subject: Set a new password for Florin\n",
            "Auto-Submitted: auto-generated\n",
            "Message-ID: <",
            "Content-Type: text/plain; charset=utf-8\n",
            "Hello Ada Lovelace,\n",
            "\nhttps://florin.example/set-password#token=0123456789abcdef\n",
            "Content-Type: text/html; charset=utf-8\n",
            "<a href=\"https://florin.example/set-password#token=0123456789abcdef\">",
        ] {
            assert!(data.contains(part), "{part} is not in {data}");
        }
    }
}

#[tokio::test]
async fn a_user_signs_in_with_the_password_and_never_without_encryption_that_was_asked_for() {
    let server = SmtpServer::start(SmtpTls::StartTls, &[]).await;
    let with = |password: &str| {
        let credentials = Some(("florin".to_owned(), password.to_owned().into()));
        Transport::smtp(SmtpOptions { credentials, ..server.options() }).unwrap()
    };
    with("hunter2").send(&sender(), "ada@example.com", &reset()).await.unwrap();
    assert!(server.received()[0].authenticated);
    let refused = with("hunter3").send(&sender(), "ada@example.com", &reset()).await.unwrap_err();
    assert!(matches!(refused, SendError::Answered { code: 535 }) && refused.may_pass(), "{refused:?}");

    let plain = SmtpServer::start(SmtpTls::Off, &[]).await;
    let demanding = SmtpOptions { tls: SmtpTls::StartTls, ..plain.options() };
    Transport::smtp(demanding).unwrap().send(&sender(), "ada@example.com", &reset()).await.unwrap_err();
    assert_eq!(plain.attempts(), 0);
}

#[tokio::test]
async fn a_server_with_a_certificate_that_nobody_trusts_gets_nothing() {
    for tls in [SmtpTls::Implicit, SmtpTls::StartTls] {
        let server = SmtpServer::start(tls, &[]).await;
        let options = SmtpOptions { trusted: None, ..server.options() };
        let error = Transport::smtp(options).unwrap().send(&sender(), "ada@example.com", &reset()).await;
        let error = error.unwrap_err();
        assert!(matches!(error, SendError::Connection(_)) && error.may_pass(), "{error:?}");
        assert_eq!(server.attempts(), 0);
    }
    let server = SmtpServer::start(SmtpTls::Implicit, &[]).await;
    let options =
        SmtpOptions { trusted: Some(b"-----BEGIN CERTIFICATE-----\nx".to_vec()), ..server.options() };
    assert!(Transport::smtp(options).is_err());
}

#[tokio::test]
async fn a_mail_that_is_put_off_is_tried_again() {
    let answers = ["451 ada@example.com is greylisted", "421 busy"];
    let server = SmtpServer::start(SmtpTls::Off, &answers).await;
    let outbox = outbox(server.transport());
    outbox.take(mail()).unwrap();
    outbox.drain(DRAIN).await.unwrap();
    assert_eq!((server.attempts(), server.received().len()), (3, 1));
}

#[tokio::test]
async fn a_mail_that_is_turned_away_is_given_up_at_once_and_one_that_is_put_off_in_the_end() {
    let server = SmtpServer::start(SmtpTls::Off, &["550 no such user: ada@example.com"]).await;
    let outbox = outbox(server.transport());
    outbox.take(mail()).unwrap();
    outbox.drain(DRAIN).await.unwrap();
    assert_eq!((server.attempts(), server.received().len()), (1, 0));

    let server = SmtpServer::start(SmtpTls::Off, &["451 later"; 9]).await;
    let outbox = self::outbox(server.transport());
    outbox.take(mail()).unwrap();
    outbox.drain(DRAIN).await.unwrap();
    assert_eq!((server.attempts(), server.received().len()), (4, 0));
}

#[tokio::test]
async fn what_went_wrong_tells_neither_the_address_nor_the_words_of_the_server() {
    let server = SmtpServer::start(SmtpTls::Off, &["550 no such user: ada@example.com"]).await;
    let error = server.transport().send(&sender(), "ada@example.com", &reset()).await.unwrap_err();
    assert_eq!(error.to_string(), "the mail server answered 550");
    assert!(!format!("{error:?}{:?}", mail()).contains("ada@"), "{error:?}");
    let error = server.transport().send(&sender(), "no address", &reset()).await.unwrap_err();
    assert_eq!(error.to_string(), "the address cannot be sent to");
    let options =
        SmtpOptions { credentials: Some(("u".into(), "hunter2".to_owned().into())), ..server.options() };
    assert!(!format!("{options:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_full_outbox_refuses_one_more_and_says_what_is_lost_when_it_ends() {
    // It takes connections and never says a word.
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let server = SmtpServer::start(SmtpTls::Off, &[]).await;
    let port = Some(silent.local_addr().unwrap().port());
    let transport = Transport::smtp(SmtpOptions { port, ..server.options() }).unwrap();
    let outbox = outbox(transport);
    for _ in 0..10 {
        outbox.take(mail()).unwrap();
    }
    assert_eq!(outbox.take(mail()), Err(OutboxFull));
    assert_eq!(outbox.drain(Duration::from_millis(20)).await, Err(Unsent(10)));
}

#[tokio::test]
async fn what_becomes_of_mails_is_counted() {
    let mut registry = prometheus_client::registry::Registry::default();
    let metrics = MailMetrics::register(&mut registry);
    let server = SmtpServer::start(SmtpTls::Off, &["451 later", "550 never"]).await;
    let outbox =
        Outbox::open(server.transport(), sender(), OutboxOptions { waiting_max: 1, ..options() }, metrics);
    outbox.take(mail()).unwrap();
    let on = SecondFactorChange::On;
    let changed = Letter::SecondFactorChanged { name: "Ada".to_owned(), change: on, at: "now".to_owned() };
    let changed = Mail { letter: changed, ..mail() };
    assert_eq!(outbox.take(changed.clone()), Err(OutboxFull));
    outbox.drain(DRAIN).await.unwrap();
    outbox.take(changed).unwrap();
    outbox.drain(DRAIN).await.unwrap();
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        "mails_total{kind=\"password_reset\",outcome=\"failed\"} 1\n",
        "mails_total{kind=\"second_factor_changed\",outcome=\"refused\"} 1\n",
        "mails_total{kind=\"second_factor_changed\",outcome=\"sent\"} 1\n",
        "mail_failed_attempts_total 2\n",
        "mails_waiting 0\n",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
}
