//! A service that speaks TLS, and clients that trust its certificate and no other.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{Certificate, CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::harness::{ADMIN_KEY, LONG, Service};

/// The settings that name the two files.
pub(crate) const FILES: [(&str, &str); 2] =
    [("PX_SERVER__TLS_CERTIFICATE", "cert.pem"), ("PX_SERVER__TLS_KEY", "key.pem")];

/// A certificate that signed itself, with its key.
pub(crate) struct Pair {
    pub(crate) certificate: Certificate,
    pub(crate) key: String,
}

impl Pair {
    pub(crate) fn valid() -> Self {
        Self::until(2100)
    }

    pub(crate) fn until(year: i32) -> Self {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        Self { certificate: params.self_signed(&key).unwrap(), key: key.serialize_pem() }
    }

    /// Puts both files into a folder, each at once.
    pub(crate) fn write(&self, folder: &TempDir) {
        for (name, text) in [("cert.pem", &self.certificate.pem()), ("key.pem", &self.key)] {
            let beside = folder.path().join("beside");
            fs::write(&beside, text).unwrap();
            fs::rename(beside, folder.path().join(name)).unwrap();
        }
    }

    /// Returns how a client is set up that trusts this certificate only.
    pub(crate) fn client(&self, protocols: &[&str]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

/// A service that speaks TLS, and the certificate that it began with.
pub(crate) struct Secure {
    pub(crate) service: Service,
    pub(crate) pair: Pair,
    // Last: it has to outlive the service.
    pub(crate) folder: TempDir,
}

impl Secure {
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let (folder, pair) = (tempfile::tempdir().unwrap(), Pair::valid());
        pair.write(&folder);
        let service = Service::start(folder.path(), &[&FILES, settings].concat());
        Self { service, pair, folder }
    }

    /// Asks for a path, and returns the whole reply as text.
    pub(crate) fn get(&self, path: &str) -> String {
        self.try_get(&self.pair, path).expect("a reply")
    }

    /// Does so as a client that trusts one certificate only.
    pub(crate) fn try_get(&self, trusted: &Pair, path: &str) -> std::io::Result<String> {
        let mut client = self.connect(trusted)?;
        let known = format!("authorization: Bearer {ADMIN_KEY}");
        write!(client, "GET {path} HTTP/1.1\r\nhost: localhost\r\n{known}\r\nconnection: close\r\n\r\n")?;
        let mut text = String::new();
        client.read_to_string(&mut text)?;
        Ok(text)
    }

    /// Connects as a client that trusts one certificate only.
    pub(crate) fn connect(
        &self,
        trusted: &Pair,
    ) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let socket = TcpStream::connect(self.service.address)?;
        socket.set_read_timeout(Some(LONG))?;
        let name = ServerName::try_from("localhost").expect("a name");
        let connection = ClientConnection::new(trusted.client(&[]), name).expect("a client");
        Ok(StreamOwned::new(connection, socket))
    }

    /// Says whether the metrics have a line.
    pub(crate) fn counts(&self, trusted: &Pair, line: &str) -> bool {
        self.try_get(trusted, "/metrics").is_ok_and(|text| text.lines().any(|found| found == line))
    }
}
