//! Certificates and keys as files, and what is said of those that cannot be used.

use std::fs;

use edge::{Tls, TlsFile, TlsFiles, TlsMetrics};
use rcgen::{Certificate, CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;

/// A certificate with a key.
pub(crate) struct Pair {
    pub(crate) certificate: Certificate,
    pub(crate) key: String,
    expires: i64,
}

impl Pair {
    /// One that signed itself, valid for a long time.
    pub(crate) fn valid() -> Self {
        Self::between(2020, 2100)
    }

    pub(crate) fn expired() -> Self {
        Self::between(2000, 2001)
    }

    /// A certificate with the key of another.
    pub(crate) fn mixed() -> Self {
        Self { key: Self::valid().key, ..Self::valid() }
    }

    fn between(from: i32, until: i32) -> Self {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let expires = params.not_after.unix_timestamp();
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, key: key.serialize_pem(), expires }
    }

    /// When it expires, in seconds since 1970.
    pub(crate) fn expires(&self) -> i64 {
        self.expires
    }
}

/// A folder with the two files.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn files(&self) -> TlsFiles {
        TlsFiles { certificate: self.0.path().join("cert.pem"), key: self.0.path().join("key.pem") }
    }

    /// Writes both, the way that tells a reader at once: under other names first.
    pub(crate) fn write(&self, pair: &Pair) {
        self.write_texts(&pair.certificate.pem(), &pair.key);
    }

    fn write_texts(&self, certificate: &str, key: &str) {
        let files = self.files();
        for (path, text) in [(files.certificate, certificate), (files.key, key)] {
            let beside = path.with_extension("new");
            fs::write(&beside, text).unwrap();
            fs::rename(beside, path).unwrap();
        }
    }
}

/// Expects files to be refused because of one of them, for a reason.
fn refused(certificate: &str, key: &str, file: TlsFile, reason: &str) {
    let folder = Folder::new();
    folder.write_texts(certificate, key);
    let error = Tls::load(folder.files(), TlsMetrics::default()).unwrap_err();
    assert_eq!(error.file, file, "{error}");
    let (text, files) = (error.to_string(), folder.files());
    let path = if file == TlsFile::Key { files.key } else { files.certificate };
    assert!(text.starts_with(&path.display().to_string()) && text.contains(reason), "{text}");
    assert!(!text.contains(key.lines().nth(1).unwrap_or("-----")), "it shows the key: {text}");
}

#[test]
fn every_mistake_is_told_with_its_file() {
    use TlsFile::{Certificate, Key};
    let (good, other, expired) = (Pair::valid(), Pair::valid(), Pair::expired());
    let (certificate, key) = (good.certificate.pem(), good.key.as_str());
    refused("", key, Certificate, "it is not PEM");
    refused("nonsense", key, Certificate, "it is not PEM");
    refused(&certificate[..certificate.len() / 2], key, Certificate, "it is not PEM");
    refused(key, key, Certificate, "is not in it");
    refused(&"x".repeat(2 << 20), key, Certificate, "larger than");
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    refused(no_certificate, key, Certificate, "cannot be understood");
    refused(&expired.certificate.pem(), &expired.key, Certificate, "expired on Mon, 01 Jan 2001");
    let early = Pair::between(2100, 2101);
    refused(&early.certificate.pem(), &early.key, Certificate, "valid from Fri, 01 Jan 2100");
    refused(&certificate, "", Key, "it is not PEM");
    refused(&certificate, &certificate, Key, "is not in it");
    let no_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    refused(&certificate, no_key, Key, "cannot be understood");
    refused(&certificate, &other.key, Key, "does not belong to the certificate");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = Folder::new();
    let error = Tls::load(folder.files(), TlsMetrics::default()).unwrap_err();
    assert_eq!(error.file, TlsFile::Certificate);
    assert!(error.to_string().contains("No such file"), "{error}");
    fs::write(folder.files().certificate, Pair::valid().certificate.pem()).unwrap();
    let error = Tls::load(folder.files(), TlsMetrics::default()).unwrap_err();
    assert_eq!(error.file, TlsFile::Key);
    assert!(error.to_string().contains("No such file"), "{error}");
}
