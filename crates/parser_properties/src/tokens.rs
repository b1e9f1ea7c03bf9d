//! Tokens, sets of keys, and the form in which tokens are asked for.

use app::oauth::Form;
use serde_json::Value;
use tokens::{Algorithm, Compact, KeySet, SigningKey, published};

pub(crate) fn tokens(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        token(text);
    }
    keys(input);
    form(input);
}

fn token(text: &str) {
    let Ok(token) = Compact::parse(text) else { return };
    assert!(Compact::looks_like(text), "what is read as a token looks like one");
    let key = SigningKey::from_seed(token.key().to_owned(), &[7; 32]).expect("a key");
    let public = key.public();
    let known = published([(token.key(), &public)]).to_string();
    let known = KeySet::parse(known.as_bytes()).expect("what is published is read");
    // Nobody has ever signed anything with that key.
    assert!(token.verified(&Algorithm::ALL, &known).is_err(), "a token that nobody signed");
    if let Ok(issuer) = token.unverified_issuer() {
        let payload = text.split('.').nth(1).expect("three parts");
        assert!(payload.len() >= issuer.len(), "the issuer stands in the payload");
    }
}

fn keys(input: &[u8]) {
    let Ok(set) = KeySet::parse(input) else { return };
    assert!(std::str::from_utf8(input).is_ok_and(|text| text.trim_ascii_start().starts_with('{')));
    // It refuses names that it keeps for itself.
    if let Ok(read) = serde_json::from_slice::<Value>(input) {
        assert!(read["keys"].as_array().is_some_and(|keys| keys.len() >= set.as_slice().len()));
    }
    for key in set.as_slice() {
        assert!(set.has(&key.name));
        for algorithm in Algorithm::ALL {
            assert!(!key.key.verifies(algorithm, b"message", &[0; 64]), "a signature that nobody made");
        }
    }
}

fn form(input: &[u8]) {
    let Ok(form) = Form::parse(input) else { return };
    for name in ["grant_type", "scope", "client_id", "client_secret", ""] {
        assert!(form.get(name).is_none_or(|value| !value.is_empty() && value.len() <= input.len()));
    }
}
