//! Bodies of requests: what is taken is JSON for everybody, has a fingerprint, and is the same alone and in a batch.

use std::fmt::Debug;

use app::batches::BatchRequest;
use app::ledgers::CreateLedgerRequest;
use app::schedules::CreateScheduleRequest;
use app_base::commands::{
    CaptureHoldRequest, ChangeAccountRequest, ChangeTransactionRequest, CommandRequest, CreateHoldRequest,
    CreateTransactionRequest, ReverseTransactionRequest,
};
use app_base::http::fields::FieldErrors;
use app_base::http::input::NoBody;
use app_base::http::json::{FromJson, read_body};
use engine::idempotency::RequestFingerprint;
use engine::schedules::Definition;
use ledger::{Address, Command, EntryNumber};

pub(crate) fn commands(input: &[u8]) {
    let address = || Address::parse("users:42").expect("an address");
    let number = EntryNumber(7);
    alike(input, "transaction", "", CreateTransactionRequest::into);
    alike(input, "hold", "", CreateHoldRequest::into);
    alike(input, "capture", r#""hold":7,"#, |body: CaptureHoldRequest| body.of(number));
    alike(input, "reversal", r#""transaction":7,"#, |body: ReverseTransactionRequest| body.of(number));
    alike(input, "account", r#""account":"users:42","#, |body: ChangeAccountRequest| body.of(address()));
    alike(input, "transaction_change", r#""transaction":7,"#, |body: ChangeTransactionRequest| {
        body.of(number)
    });
    if let Some(request) = read::<CommandRequest>(input) {
        has_fingerprint(&request.command);
    }
    if let Some(schedule) = read::<CreateScheduleRequest>(input) {
        let _ = RequestFingerprint::of_new_schedule(&Definition::from(schedule));
    }
    read::<CreateLedgerRequest>(input);
    read::<NoBody>(input);
}

pub(crate) fn batches(input: &[u8]) {
    let whole = read::<BatchRequest>(input).is_some();
    // Each line is a command of its own.
    for line in input.split(|byte| *byte == b'\n') {
        if let Some(CommandRequest { command, key: _ }) = read(line) {
            has_fingerprint(&command);
            let one = [&br#"{"mode":"independent","commands":["#[..], line, b"]}"].concat();
            assert!(read::<BatchRequest>(&one).is_some(), "a line is a command of a batch as well");
            assert!(!whole || line.len() < input.len(), "a command is no batch");
        }
    }
}

/// Reads a body, which is a command alone. With its kind and what it is about put before its members, it has to be
/// that command in a batch, too.
fn alike<T: FromJson + Debug>(input: &[u8], kind: &str, about: &str, command: impl Fn(T) -> Command) {
    let Some(request) = read::<T>(input) else { return };
    let alone = command(request);
    has_fingerprint(&alone);
    let text = std::str::from_utf8(input).expect("what is read is UTF-8");
    let members = text.trim_start().strip_prefix('{').expect("what is read is an object").trim_start();
    let comma = if members.starts_with('}') { "" } else { "," };
    let about = about.trim_end_matches(',');
    let between = if about.is_empty() { "" } else { "," };
    let within = format!("{{\"type\":\"{kind}\"{between}{about}{comma}{members}");
    let request = read::<CommandRequest>(within.as_bytes());
    // A command of a batch is never a dry run.
    if let Some(CommandRequest { command, key }) = request {
        assert_eq!((&command, key), (&alone, None), "{within}");
    } else {
        assert!(says_dry_run(text), "{within}");
    }
}

fn says_dry_run(text: &str) -> bool {
    let body: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    body.get("dry_run").is_some()
}

fn has_fingerprint(command: &Command) {
    let fingerprints = [true, false].map(|dry_run| RequestFingerprint::of_command(command, dry_run));
    assert_ne!(fingerprints[0], fingerprints[1], "a dry run is another request");
}

fn read<T: FromJson>(body: &[u8]) -> Option<T> {
    let mut errors = FieldErrors::default();
    let value = read_body(body, &mut errors);
    assert!(value.is_some() || !errors.is_empty(), "what is refused is told of");
    for error in errors.as_slice() {
        assert!(!error.message.is_empty());
    }
    let value = value.filter(|_| errors.is_empty());
    if value.is_some() {
        assert!(serde_json::from_slice::<&serde_json::value::RawValue>(body).is_ok());
    }
    value
}
