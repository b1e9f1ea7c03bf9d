//! Connections are encrypted as the address asks for it, to a server whose certificate an authority of the test's own signed.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use store_postgres::PostgresStore;
use test_postgres::Server;

use super::{chain, options};

/// An authority that nobody else knows.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// Returns a certificate for a host, and its key.
    fn certify(&self, host: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([host.to_owned()]).unwrap().signed_by(&key, &self.issuer);
        (certificate.unwrap().pem(), key.serialize_pem())
    }

    /// Writes its certificate to a file, and returns what names that in an address.
    fn root(&self, file: &Path) -> String {
        std::fs::write(file, &self.certificate).unwrap();
        format!("sslmode=verify-full&sslrootcert={}", file.display())
    }
}

/// Opens the store, and says whether its connections are encrypted, or why it cannot be opened.
async fn is_encrypted(server: &Server, host: &str, parameters: &str) -> Result<bool, String> {
    let url = format!("postgres://florin@{host}:{}/postgres?{parameters}", server.port());
    let store = PostgresStore::open(options(&url)).await.map_err(|error| chain(&error))?;
    let mut session = store.session_for_tests().await;
    let asked = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let (ssl,): (bool,) = sqlx::query_as(asked).fetch_one(&mut session).await.unwrap();
    Ok(ssl)
}

#[tokio::test]
async fn connections_are_encrypted_as_the_address_asks_for_it() {
    let Some(server) = test_postgres::own_server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (ours, another) = (Authority::new("ours"), Authority::new("another"));
    let by_ours = ours.root(&folder.path().join("ours.pem"));
    let by_another = another.root(&folder.path().join("another.pem"));

    for (parameters, expected) in [("", Ok(false)), ("sslmode=prefer", Ok(false))] {
        assert_eq!(is_encrypted(&server, "127.0.0.1", parameters).await, expected, "{parameters}");
    }
    for parameters in ["sslmode=require", "sslmode=verify-full", &by_ours] {
        let refused = is_encrypted(&server, "127.0.0.1", parameters).await.unwrap_err();
        assert!(refused.ends_with("server does not support TLS"), "{parameters}: {refused}");
    }

    let (certificate, key) = ours.certify("localhost");
    server.speak_tls(&certificate, &key);
    for (parameters, expected) in [
        ("", true),
        ("sslmode=prefer", true),
        ("sslmode=require", true),
        ("sslmode=disable", false),
        (&by_ours, true),
    ] {
        assert_eq!(is_encrypted(&server, "localhost", parameters).await, Ok(expected), "{parameters}");
    }
    for (host, parameters, reason) in [
        ("localhost", &*by_another, "invalid peer certificate: UnknownIssuer"),
        ("localhost", "sslmode=verify-full", "invalid peer certificate: UnknownIssuer"),
        ("127.0.0.1", &by_ours, "not valid for name \"127.0.0.1\""),
    ] {
        let refused = is_encrypted(&server, host, parameters).await.unwrap_err();
        assert!(refused.contains(reason), "{host} {parameters}: {refused}");
    }
    let socket = server.folder().to_string_lossy().replace('/', "%2F");
    assert_eq!(is_encrypted(&server, &socket, &by_ours).await, Ok(false), "nobody listens in on a socket");
}
