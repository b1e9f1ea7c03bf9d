//! The first key and the service's secret: a service that nobody can get into, or that has no secret, does not start, and
//! says how one is made. Neither is ever logged or printed.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use app_base::configuration::{AuthenticationConfig, AuthenticationMode};
use engine::Engine;
use engine::access::{random_key, random_service_secret};
use identity::{KeyText, ServiceSecret};
use zeroize::Zeroizing;

/// What the key that the configuration brings, or that is made at the first start, is called.
const CONFIGURED: &str = "configured admin key";
const FIRST: &str = "first admin key";

/// Sees to it that somebody can get in. Returns the file that their key is in, where it is in one.
pub(super) async fn prepare(
    engine: &Engine,
    config: &AuthenticationConfig,
) -> anyhow::Result<Option<PathBuf>> {
    if config.mode == AuthenticationMode::Off {
        tracing::warn!("authentication is off: anybody who reaches this service may do everything");
        return Ok(None);
    }
    if let Some(key) = config.admin_key() {
        engine.ensure_admin_key(&key, CONFIGURED).await.context("cannot set the configured admin key up")?;
    }
    let file = path(&config.create_admin_key_in);
    if engine.has_admin_key().await.context("cannot look for an admin key")? {
        return Ok(file.filter(|file| file.exists()));
    }
    let Some(file) = file else {
        if engine.has_admin_user().await.context("cannot look for a user who administers others")? {
            return Ok(None);
        }
        bail!(
            "nobody may let others in yet, so nobody could use this service: create an API key with `server admin \
             create-key NAME`, or bring one in PX_AUTHENTICATION__ADMIN_KEY (`server admin generate-key` prints one); or \
             create a user with `server admin create-user` and `set-password`"
        );
    };
    // The key is on disk before it opens anything, so that it is never lost.
    let key = in_file(&file, || Ok(random_key()?), KeyText::expose, |text| KeyText::parse(text).ok());
    let key = key.with_context(|| format!("cannot keep an admin key in `{}`", file.display()))?;
    engine.ensure_admin_key(&key, FIRST).await.context("cannot set the first admin key up")?;
    Ok(Some(file))
}

/// Returns the service's secret: the configured one, or the one in its file, which is made where it is not there.
pub(crate) fn secret(config: &AuthenticationConfig) -> anyhow::Result<ServiceSecret> {
    if let Some(secret) = config.secret() {
        return Ok(secret);
    }
    if let Some(file) = path(&config.create_secret_in) {
        let secret = in_file(
            &file,
            || Ok(random_service_secret()?),
            ServiceSecret::expose,
            |text| ServiceSecret::parse(text).ok(),
        );
        return secret.with_context(|| format!("cannot keep the service's secret in `{}`", file.display()));
    }
    match config.mode {
        // Nobody has anything that would be sealed with it.
        AuthenticationMode::Off => Ok(random_service_secret()?),
        AuthenticationMode::Required => bail!(
            "the service has no secret: bring one in PX_AUTHENTICATION__SECRET, the same for all replicas, and keep it \
             (`server admin generate-secret` prints one)"
        ),
    }
}

fn path(text: &str) -> Option<PathBuf> {
    (!text.is_empty()).then(|| PathBuf::from(text))
}

/// Says how to get in.
pub(super) fn explain(file: &Path, scheme: &str, address: SocketAddr) {
    let file = file.display();
    tracing::info!(
        "the admin key is in {file}; try: curl -H \"Authorization: Bearer $(cat {file})\" {scheme}://{address}/v1/principal"
    );
}

/// Reads the secret in a file, or leaves a new one there that only its owner may read.
fn in_file<T>(
    file: &Path,
    make: impl FnOnce() -> anyhow::Result<T>,
    expose: impl FnOnce(&T) -> &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> anyhow::Result<T> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Ok(mut opened) => {
            let secret = make()?;
            opened.write_all(expose(&secret).as_bytes())?;
            opened.write_all(b"\n")?;
            opened.sync_all()?;
            Ok(secret)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let text = Zeroizing::new(fs::read_to_string(file)?);
            parse(text.trim_end()).context("what is in it is none; remove the file, and a new one is made")
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data/admin-key");
        let key_in =
            || in_file(&file, || Ok(random_key()?), KeyText::expose, |text| KeyText::parse(text).ok());
        let made = key_in().unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(key_in().unwrap().expose(), made.expose());
        fs::write(&file, "hunter2").unwrap();
        let error = key_in().unwrap_err().to_string();
        assert!(error.contains("is none") && !error.contains("hunter2"), "{error}");
    }
}
