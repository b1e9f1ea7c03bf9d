//! Which scopes a command takes. What routes ask for is only the least of it.

use identity::Scope;
use ledger::{Command, PolicyPatch};

/// Returns the scopes, all of which it takes on its ledger.
pub fn scopes_of(command: &Command) -> impl Iterator<Item = Scope> + use<> {
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
