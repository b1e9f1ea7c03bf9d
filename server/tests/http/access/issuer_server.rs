//! An issuer of tokens with an HTTP server of its own, which can be made to answer badly.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};

/// What a path answers.
type Answer = (u16, String);

/// The issuer.
pub(super) struct IssuerServer {
    address: SocketAddr,
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
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let name = format!("http://{address}");
        let discovery = json!({ "issuer": name, "jwks_uri": format!("{name}/keys") }).to_string();
        let answers = Answers { discovery: (200, discovery), keys: (200, json!({ "keys": [] }).to_string()) };
        let answers = Arc::new(Mutex::new(answers));
        let shared = Arc::clone(&answers);
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let Ok(mut socket) = socket else { continue };
                let mut reader = BufReader::new(socket.try_clone().expect("a socket"));
                let mut first = String::new();
                let mut line = String::new();
                let _ = reader.read_line(&mut first);
                while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                    line.clear();
                }
                let Answers { discovery, keys } = shared.lock().expect("answers").clone();
                let (status, body) = match first.split(' ').nth(1) {
                    Some("/.well-known/openid-configuration") => discovery,
                    Some("/keys") => keys,
                    _ => (404, String::new()),
                };
                let _ = write!(
                    socket,
                    "HTTP/1.1 {status} x\r\nlocation: /keys\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Self { address, answers }
    }

    /// Its name, as its tokens have it.
    pub(super) fn name(&self) -> String {
        format!("http://{}", self.address)
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
