//! Which scopes a command takes, and what the audit trail says of it. What routes ask for is only the least of it.

use engine::Submission;
use identity::{Action, Scope};
use ledger::{Command, LedgerName, PolicyPatch};

use crate::http::access_error::AccessError;
use crate::http::principal::Caller;

/// Lets a command through that is for the ledger in the path: asks for all the scopes that it takes, and says what the
/// audit trail is to tell of it.
///
/// # Errors
/// Those of [`Caller::also`].
pub fn let_through(
    caller: &Caller,
    ledger: &LedgerName,
    submission: Submission,
) -> Result<Submission, AccessError> {
    caller.also(scopes_of(&submission.command))?;
    let audit = administrative(&submission.command)
        .map(|(action, what)| Box::new(caller.did(action, format!("{ledger} {what}"))));
    Ok(Submission { audit, ..submission })
}

/// Says which administrative act a command is, and to what. What happens to money is told by the ledger's log.
fn administrative(command: &Command) -> Option<(Action, String)> {
    match command {
        Command::ChangeAccount(change) if change.policy != PolicyPatch::default() => {
            Some((Action::PolicyChanged, change.account.to_string()))
        }
        Command::ReverseTransaction(reversal) if reversal.forced => {
            Some((Action::ReversalForced, reversal.transaction.0.to_string()))
        }
        _ => None,
    }
}

/// Returns the scopes, all of which it takes on its ledger.
fn scopes_of(command: &Command) -> impl Iterator<Item = Scope> + use<> {
    let scopes = match command {
        Command::ChangeAccount(change) => {
            let policy = (change.policy != PolicyPatch::default()).then_some(Scope::AccountsPolicy);
            let metadata = !change.metadata.as_map().is_empty() || policy.is_none();
            [policy, metadata.then_some(Scope::LedgerWrite)]
        }
        Command::ReverseTransaction(reversal) => {
            [Some(Scope::LedgerWrite), reversal.forced.then_some(Scope::LedgerForce)]
        }
        Command::PostTransaction(_)
        | Command::CreateHold(_)
        | Command::CaptureHold(_)
        | Command::ReleaseHold(_)
        | Command::ChangeTransaction(_) => [Some(Scope::LedgerWrite), None],
    };
    scopes.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::CommandRequest;
    use crate::http::fields::FieldErrors;
    use crate::http::json::read_body;

    #[test]
    fn what_goes_beyond_writing_takes_more() {
        use Scope::{AccountsPolicy, LedgerForce, LedgerWrite};
        for (body, scopes) in [
            (r#"{"type": "void", "hold": 1}"#, &[LedgerWrite][..]),
            (r#"{"type": "reversal", "transaction": 1}"#, &[LedgerWrite]),
            (r#"{"type": "reversal", "transaction": 1, "force": true}"#, &[LedgerWrite, LedgerForce]),
            (r#"{"type": "account", "account": "a", "metadata": {"k": "v"}}"#, &[LedgerWrite]),
            (r#"{"type": "account", "account": "a", "policy": {"closed": true}}"#, &[AccountsPolicy]),
            (
                r#"{"type": "account", "account": "a", "policy": {"closed": true}, "metadata": {"k": "v"}}"#,
                &[AccountsPolicy, LedgerWrite],
            ),
            (r#"{"type": "account", "account": "a", "metadata": {}}"#, &[LedgerWrite]),
        ] {
            let request: CommandRequest = read_body(body.as_bytes(), &mut FieldErrors::default()).unwrap();
            assert_eq!(scopes_of(&request.command).collect::<Vec<_>>(), scopes, "{body}");
        }
    }
}
