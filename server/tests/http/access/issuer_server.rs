//! An issuer of tokens with an HTTP server of its own, which can be made to answer badly, or over TLS.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{Certificate, CertificateParams, KeyPair};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

/// What a path answers.
type Answer = (u16, String);

/// The issuer.
pub(super) struct IssuerServer {
    name: String,
    answers: Arc<Mutex<Answers>>,
}

#[derive(Clone)]
struct Answers {
    discovery: Answer,
    keys: Answer,
}

impl IssuerServer {
    /// Starts it, with no keys.
    pub(super) fn start() -> Self {
        Self::listen(|address| format!("http://{address}"), |socket, answers| answers.reply(socket))
    }

    /// Starts it behind TLS, with a certificate for `localhost` that signed itself. Returns that as well.
    pub(super) fn start_with_tls() -> (Self, Certificate) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        let certificate = params.self_signed(&key).expect("a certificate");
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has what these versions take")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .expect("they belong together");
        let config = Arc::new(config);
        let issuer = Self::listen(
            |address| format!("https://localhost:{}", address.port()),
            move |socket, answers| {
                let connection = ServerConnection::new(Arc::clone(&config)).expect("it is set up");
                let mut stream = StreamOwned::new(connection, socket);
                // Whoever does not trust it goes away, and gets no answer.
                answers.reply(&mut stream);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            },
        );
        (issuer, certificate)
    }

    /// Starts one that takes connections and never answers.
    pub(super) fn start_silent() -> Self {
        let held = Mutex::new(Vec::new());
        Self::listen(
            |address| format!("http://{address}"),
            move |socket, _| held.lock().expect("sockets").push(socket),
        )
    }

    fn listen(
        name: impl FnOnce(SocketAddr) -> String,
        serve: impl Fn(TcpStream, &Answers) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let name = name(listener.local_addr().expect("an address"));
        let discovery = json!({ "issuer": name, "jwks_uri": format!("{name}/keys") }).to_string();
        let answers = Answers { discovery: (200, discovery), keys: (200, json!({ "keys": [] }).to_string()) };
        let answers = Arc::new(Mutex::new(answers));
        let shared = Arc::clone(&answers);
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let Ok(socket) = socket else { continue };
                let answers = shared.lock().expect("answers").clone();
                serve(socket, &answers);
            }
        });
        Self { name, answers }
    }

    /// Its name, as its tokens have it.
    pub(super) fn name(&self) -> String {
        self.name.clone()
    }

    /// Has it publish these keys.
    pub(super) fn publish(&self, keys: &[&IssuerKey]) {
        let keys: Vec<&Value> = keys.iter().map(|key| &key.public).collect();
        self.answer_keys(200, json!({ "keys": keys }).to_string());
    }

    pub(super) fn answer_keys(&self, status: u16, body: String) {
        self.answers.lock().expect("answers").keys = (status, body);
    }

    pub(super) fn answer_discovery(&self, status: u16, body: String) {
        self.answers.lock().expect("answers").discovery = (status, body);
    }

    /// How a service is told to trust it.
    pub(super) fn setting(&self) -> String {
        format!(
            "[{{issuer=\"{}\",audience=\"florin\",algorithms=[\"RS256\",\"ES256\",\"EdDSA\"],claim=\"groups\",grants=[\
             {{value=\"finance\",role=\"reader\",ledgers=[\"main\"]}},{{value=\"auditors\",scopes=[\"audit:read\"]}}]}}]",
            self.name()
        )
    }
}

impl Answers {
    /// Reads a request and answers it, as far as there is somebody who listens.
    fn reply(&self, mut socket: impl Read + Write) {
        let mut reader = BufReader::new(&mut socket);
        let mut first = String::new();
        let mut line = String::new();
        let _ = reader.read_line(&mut first);
        while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
            line.clear();
        }
        let nothing = (404, String::new());
        let (status, body) = match first.split(' ').nth(1) {
            Some("/.well-known/openid-configuration") => &self.discovery,
            Some("/keys") => &self.keys,
            _ => &nothing,
        };
        let _ = write!(
            socket,
            "HTTP/1.1 {status} x\r\nlocation: /keys\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
    }
}

/// Signs a message.
type Sign = dyn Fn(&[u8]) -> Vec<u8>;

/// A key of the issuer.
pub(super) struct IssuerKey {
    algorithm: &'static str,
    name: &'static str,
    public: Value,
    sign: Box<Sign>,
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl IssuerKey {
    pub(super) fn ed25519(name: &'static str, seed: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a key");
        let x = encoded(pair.public_key());
        let public = json!({ "kty": "OKP", "crv": "Ed25519", "kid": name, "x": x, "use": "sig" });
        Self {
            algorithm: "EdDSA",
            name,
            public,
            sign: Box::new(move |message| pair.sign(message).as_ref().to_vec()),
        }
    }

    pub(super) fn p256(name: &'static str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("a key");
        let point = pair.public_key().as_ref().to_vec();
        let (x, y) = (encoded(&point[1..33]), encoded(&point[33..]));
        let public = json!({ "kty": "EC", "crv": "P-256", "kid": name, "x": x, "y": y, "alg": "ES256" });
        let sign = move |message: &[u8]| pair.sign(&random, message).expect("a signature").as_ref().to_vec();
        Self { algorithm: "ES256", name, public, sign: Box::new(sign) }
    }

    /// A key that is in the repository, and opens nothing anywhere: making one takes too long.
    pub(super) fn rsa(name: &'static str) -> Self {
        let pair = RsaKeyPair::from_pkcs8(include_bytes!("issuer_rsa.pk8")).expect("a key");
        let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public());
        let public = json!({ "kty": "RSA", "kid": name, "n": encoded(n), "e": encoded(e), "alg": "RS256" });
        let sign = move |message: &[u8]| {
            let mut signature = vec![0; pair.public().modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("a signature");
            signature
        };
        Self { algorithm: "RS256", name, public, sign: Box::new(sign) }
    }

    /// Makes a token.
    pub(super) fn token(&self, claims: &Value) -> String {
        self.token_as(self.algorithm, self.name, claims)
    }

    /// Makes a token that says of itself what is not so.
    pub(super) fn token_as(&self, algorithm: &str, name: &str, claims: &Value) -> String {
        let header = json!({ "alg": algorithm, "typ": "JWT", "kid": name }).to_string();
        let signed = format!("{}.{}", encoded(header), encoded(claims.to_string()));
        let signature = encoded((self.sign)(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}
