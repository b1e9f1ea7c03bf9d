//! A small SMTP server (RFC 5321), which keeps what it is sent: with STARTTLS, with TLS from the first byte, or without,
//! and with a list of answers to mails that it is to turn away.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mail::{SmtpOptions, SmtpTls, Transport};
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// `AUTH PLAIN` with the user `florin` and the password `hunter2`.
const RIGHT_CREDENTIALS: &str = "AUTH PLAIN AGZsb3JpbgBodW50ZXIy";

/// What the server was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) data: String,
    pub(crate) encrypted: bool,
    pub(crate) authenticated: bool,
}

#[derive(Default)]
struct Kept {
    received: Vec<Received>,
    answers: VecDeque<&'static str>,
    attempts: usize,
}

/// A running server. It ends with its test's runtime.
pub(crate) struct SmtpServer {
    address: SocketAddr,
    tls: SmtpTls,
    certificate: String,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Clone)]
struct Serving {
    tls: SmtpTls,
    acceptor: TlsAcceptor,
    kept: Arc<Mutex<Kept>>,
}

impl SmtpServer {
    /// Starts one that turns the first mails away with these answers.
    pub(crate) async fn start(tls: SmtpTls, answers: &[&'static str]) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let kept =
            Arc::new(Mutex::new(Kept { answers: answers.iter().copied().collect(), ..Kept::default() }));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = Serving { tls, acceptor: TlsAcceptor::from(Arc::new(config)), kept: Arc::clone(&kept) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                // A client that goes away in the middle is none of the server's business.
                tokio::spawn(async move { drop(serving.connection(stream).await) });
            }
        });
        Self { address, tls, certificate: certificate.pem(), kept }
    }

    /// How to reach it.
    pub(crate) fn options(&self) -> SmtpOptions {
        SmtpOptions {
            host: "localhost".to_owned(),
            port: Some(self.address.port()),
            tls: self.tls,
            credentials: None,
            trusted: Some(self.certificate.clone().into_bytes()),
            hello: "florin.example".to_owned(),
            timeout: Duration::from_secs(10),
        }
    }

    pub(crate) fn transport(&self) -> Transport {
        Transport::smtp(self.options()).unwrap()
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.kept.lock().unwrap().received.clone()
    }

    /// How many mails were tried.
    pub(crate) fn attempts(&self) -> usize {
        self.kept.lock().unwrap().attempts
    }
}

impl Serving {
    async fn connection(self, stream: TcpStream) -> std::io::Result<()> {
        match self.tls {
            SmtpTls::Off => self.talk(stream, false, true).await.map(drop),
            SmtpTls::Implicit => {
                let stream = self.acceptor.clone().accept(stream).await?;
                self.talk(stream, true, true).await.map(drop)
            }
            SmtpTls::StartTls => {
                let Some(stream) = self.clone().talk(stream, false, true).await? else { return Ok(()) };
                let stream = self.acceptor.clone().accept(stream).await?;
                self.talk(stream, true, false).await.map(drop)
            }
        }
    }

    /// Talks until the client quits, or wants TLS: then returns the stream.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        self,
        stream: S,
        encrypted: bool,
        greets: bool,
    ) -> std::io::Result<Option<S>> {
        let mut stream = BufReader::new(stream);
        let (mut from, mut to, mut authenticated) = (String::new(), String::new(), false);
        if greets {
            stream.write_all(b"220 localhost ready\r\n").await?;
        }
        loop {
            let Some(line) = line(&mut stream).await? else { return Ok(None) };
            let starts_tls = self.tls == SmtpTls::StartTls && !encrypted;
            let answer = match line.as_str() {
                "EHLO florin.example" if starts_tls => "250-localhost\r\n250 STARTTLS",
                "EHLO florin.example" => "250-localhost\r\n250-8BITMIME\r\n250 AUTH PLAIN",
                "STARTTLS" if starts_tls => {
                    stream.write_all(b"220 go on\r\n").await?;
                    return Ok(Some(stream.into_inner()));
                }
                RIGHT_CREDENTIALS => {
                    authenticated = true;
                    "235 welcome"
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await?;
                    let mut data = String::new();
                    while let Some(line) = self::line(&mut stream).await?.filter(|line| line != ".") {
                        data.push_str(&line);
                        data.push('\n');
                    }
                    self.take(Received { from: from.clone(), to: to.clone(), data, encrypted, authenticated })
                }
                "QUIT" => {
                    stream.write_all(b"221 bye\r\n").await?;
                    return Ok(None);
                }
                other => {
                    if let Some(address) = other.strip_prefix("MAIL FROM:<") {
                        from = address.split('>').next().unwrap_or_default().to_owned();
                        "250 ok"
                    } else if let Some(address) = other.strip_prefix("RCPT TO:<") {
                        to = address.split('>').next().unwrap_or_default().to_owned();
                        "250 ok"
                    } else if other.starts_with("AUTH") {
                        "535 no"
                    } else {
                        "502 what?"
                    }
                }
            };
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
    }

    fn take(&self, mail: Received) -> &'static str {
        let mut kept = self.kept.lock().unwrap();
        kept.attempts += 1;
        kept.answers.pop_front().unwrap_or_else(|| {
            kept.received.push(mail);
            "250 taken"
        })
    }
}

/// Reads a line without its end; `None` where there is no more.
async fn line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}
