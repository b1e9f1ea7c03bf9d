//! Into a folder, and nowhere.

use std::fs;

use mail::{Mail, MailMetrics, Outbox, SendError, Transport};

use crate::sending::{options, reset, sender, unfolded};

fn mails(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

#[tokio::test]
async fn each_mail_is_a_file_which_only_its_owner_may_read() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("data/mail");
    let outbox = Outbox::open(Transport::folder(folder.clone()), sender(), options(), MailMetrics::default());
    for _ in 0..3 {
        let mail =
            Mail { to: "ada@example.com".to_owned(), about: "0123456789ab".to_owned(), letter: reset() };
        outbox.take(mail).unwrap();
    }
    outbox.drain(std::time::Duration::from_secs(20)).await.unwrap();
    let found = mails(&folder);
    assert_eq!(found.len(), 3, "{found:?}");
    for path in found {
        assert!(path.to_str().unwrap().ends_with("-password_reset.eml"), "{path:?}");
        let text = unfolded(&fs::read_to_string(&path).unwrap());
        assert!(text.contains("To: ada@example.com\n"), "{text}");
        assert!(text.contains("\nhttps://florin.example/set-password#token=0123456789abcdef\n"), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_an_error_that_may_pass() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Transport::folder(file).send(&sender(), "ada@example.com", &reset()).await.unwrap_err();
    assert!(matches!(error, SendError::File(_)) && error.may_pass(), "{error:?}");
}

#[tokio::test]
async fn where_mails_are_off_none_is_sent() {
    let off = Transport::off();
    assert!(off.is_off());
    let error = off.send(&sender(), "ada@example.com", &reset()).await.unwrap_err();
    assert!(matches!(error, SendError::Off) && !error.may_pass(), "{error:?}");
}
