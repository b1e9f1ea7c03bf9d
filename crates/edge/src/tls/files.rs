//! A certificate and its key as files: reads them, and says exactly what is wrong with them. Keeps nothing.

use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustls::InconsistentKeys;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::sign::CertifiedKey;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::TlsFiles;

/// More than any chain of certificates takes.
const FILE_MAX_BYTES: u64 = 1024 * 1024;

/// What everything in PEM begins with (RFC 7468).
const BEGIN: &[u8] = b"-----BEGIN ";

/// One of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFile {
    /// The one with the certificate.
    Certificate,
    /// The one with the key.
    Key,
}

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct TlsError {
    /// Which one.
    pub file: TlsFile,
    /// Where it is.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: TlsProblem,
}

/// What is wrong with a file. No text made of it shows what is in the file.
#[derive(Debug)]
pub enum TlsProblem {
    /// It cannot be read.
    Unreadable(io::Error),
    /// It is larger than any such file.
    TooLarge,
    /// It is no PEM, or broken in the middle.
    NotPem,
    /// It is PEM, but what it should hold is not in it.
    Lacking,
    /// What it holds cannot be understood, or is of a kind that is not supported.
    Unusable,
    /// The key is another certificate's.
    OfAnother,
    /// The certificate is not valid yet: from then on it is, in seconds since 1970.
    NotYetValid(u64),
    /// The certificate is not valid any more: until then it was, in seconds since 1970.
    Expired(u64),
}

impl fmt::Display for TlsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = |seconds: &u64| {
            httpdate::HttpDate::from(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(*seconds))
        };
        match self {
            Self::Unreadable(error) => write!(f, "it cannot be read: {error}"),
            Self::TooLarge => write!(f, "it is larger than {FILE_MAX_BYTES} bytes"),
            Self::NotPem => f.write_str("it is not PEM, or broken"),
            Self::Lacking => f.write_str("it is PEM, but what it should hold is not in it"),
            Self::Unusable => {
                f.write_str("what it holds cannot be understood, or is of a kind that is not supported")
            }
            Self::OfAnother => f.write_str("the key does not belong to the certificate"),
            Self::NotYetValid(from) => {
                write!(f, "the certificate is valid from {} on, not yet", moment(from))
            }
            Self::Expired(until) => write!(f, "the certificate expired on {}", moment(until)),
        }
    }
}

/// What both files come to.
pub(super) struct Loaded {
    pub(super) key: CertifiedKey,
    /// When the certificate expires, in seconds since 1970.
    pub(super) expires: i64,
}

/// Reads both files, and checks that they can be used `now`.
pub(super) fn load(files: &TlsFiles, now: UnixTime) -> Result<Loaded, TlsError> {
    let of_certificate =
        |problem| TlsError { file: TlsFile::Certificate, path: files.certificate.clone(), problem };
    let of_key = |problem| TlsError { file: TlsFile::Key, path: files.key.clone(), problem };

    let chain = read(&files.certificate).and_then(|text| chain(&text)).map_err(of_certificate)?;
    let key = read(&files.key).and_then(|text| private_key(&text)).map_err(of_key)?;
    let expires = valid_until(&chain[0], now).map_err(of_certificate)?;
    let key = ring::sign::any_supported_type(&key).map_err(|_| of_key(TlsProblem::Unusable))?;
    let key = CertifiedKey::new(chain, key);
    match key.keys_match() {
        // A key that cannot say what it belongs to is taken at its word.
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {
            Ok(Loaded { key, expires })
        }
        Err(rustls::Error::InconsistentKeys(_)) => Err(of_key(TlsProblem::OfAnother)),
        Err(_) => Err(of_certificate(TlsProblem::Unusable)),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsProblem> {
    let metadata = fs::metadata(path).map_err(TlsProblem::Unreadable)?;
    if metadata.len() > FILE_MAX_BYTES {
        return Err(TlsProblem::TooLarge);
    }
    fs::read(path).map_err(TlsProblem::Unreadable)
}

/// Reads the certificate and those that lead on from it.
fn chain(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsProblem> {
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(text).collect::<Result<_, _>>().map_err(|error| said(&error, text))?;
    if chain.is_empty() { Err(said(&pem::Error::NoItemsFound, text)) } else { Ok(chain) }
}

fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, TlsProblem> {
    PrivateKeyDer::from_pem_slice(text).map_err(|error| said(&error, text))
}

/// Tells a file that is no PEM from one that is and lacks something. The error itself may show what is in it.
fn said(error: &pem::Error, text: &[u8]) -> TlsProblem {
    let begins = text.windows(BEGIN.len()).any(|window| window == BEGIN);
    if begins && matches!(error, pem::Error::NoItemsFound) { TlsProblem::Lacking } else { TlsProblem::NotPem }
}

/// Returns until when a certificate is valid, in seconds since 1970, where it is now.
fn valid_until(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<i64, TlsProblem> {
    let certificate = Certificate::from_der(certificate).map_err(|_| TlsProblem::Unusable)?;
    let validity = certificate.tbs_certificate().validity();
    let from = validity.not_before.to_unix_duration().as_secs();
    let until = validity.not_after.to_unix_duration().as_secs();
    if now.as_secs() < from {
        return Err(TlsProblem::NotYetValid(from));
    }
    if now.as_secs() > until {
        return Err(TlsProblem::Expired(until));
    }
    Ok(i64::try_from(until).unwrap_or(i64::MAX))
}

/// What tells that files were written since, without reading them: both, since each may be written alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint([Option<(SystemTime, u64)>; 2]);

impl Fingerprint {
    /// Looks at files; at what a link leads to where they are links, as those are which orchestrators mount.
    pub(super) fn of(files: &TlsFiles) -> Self {
        let look = |metadata: Metadata| Some((metadata.modified().ok()?, metadata.len()));
        Self([&files.certificate, &files.key].map(|path| fs::metadata(path).ok().and_then(look)))
    }
}
