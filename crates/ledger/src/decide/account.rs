//! Changes of accounts. They are refused only where an account would keep too much.

use crate::{AccountChange, AccountPart, Book, ChangeAccount, Floors, Rejection};

/// Returns the account as it is after the change.
pub(super) fn change(book: &Book, change: &ChangeAccount) -> Result<AccountChange, Rejection> {
    let account = change.account.clone();
    let too_large = |part| Rejection::AccountTooLarge { account: account.clone(), part };
    let before = book.metadata(&account).cloned().unwrap_or_default();
    let metadata = change.metadata.applied_to(&before).ok_or_else(|| too_large(AccountPart::Metadata))?;
    let policy = change.policy.applied_to(book.policy(&account));
    match &policy.floors {
        Floors::PerAsset(floors) if floors.len() > Floors::MAX => Err(too_large(AccountPart::Floors)),
        Floors::PerAsset(_) | Floors::Unbounded => Ok(AccountChange { account, policy, metadata }),
    }
}
