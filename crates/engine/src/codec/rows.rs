//! The text form of postings and balances: a list of texts each, so that the bodies of entries stay small.

use std::borrow::Cow;

use ledger::{Address, Amount, Asset, Balance, BalanceKey, Posting};
use serde::Deserialize;

use super::DecodeError;

/// `[source, destination, asset, amount]`, the amount as text.
pub(super) type PostingText = (String, String, String, String);
/// `[account, asset, posted_in, posted_out, pending_in, pending_out]`, the amounts as text.
pub(super) type BalanceText = (String, String, String, String, String, String);

/// Writes a list of postings.
pub(super) fn push_postings(text: &mut String, postings: &[Posting]) {
    text.push('[');
    for posting in postings {
        let (source, destination) = (posting.source().as_str(), posting.destination().as_str());
        push_row(text, [source, destination, posting.asset().as_str()], [posting.amount()]);
    }
    end_list(text);
}

/// Writes a list of balances.
pub(super) fn push_balances(text: &mut String, balances: &[(BalanceKey, Balance)]) {
    text.push('[');
    for (BalanceKey { account, asset }, balance) in balances {
        let Balance { posted_in, posted_out, pending_in, pending_out } = *balance;
        let counters = [posted_in, posted_out, pending_in, pending_out];
        push_row(text, [account.as_str(), asset.as_str()], counters);
    }
    end_list(text);
}

/// Writes a list of texts and amounts, and a comma. Neither addresses nor assets nor digits have anything in them
/// that JSON would want escaped.
fn push_row<const T: usize, const A: usize>(text: &mut String, texts: [&str; T], amounts: [Amount; A]) {
    let mut quoted = |item: &str, before: &str| {
        text.push_str(before);
        text.push_str(item);
    };
    let mut before = "[\"";
    for item in texts {
        quoted(item, before);
        before = "\",\"";
    }
    for amount in amounts {
        quoted(itoa::Buffer::new().format(amount.get()), before);
        before = "\",\"";
    }
    text.push_str("\"],");
}

/// Ends a list in place of the comma after its last row.
fn end_list(text: &mut String) {
    if text.ends_with(',') {
        text.pop();
    }
    text.push(']');
}

/// Says what stands in a place that asks for something else.
pub(super) fn bad(part: &'static str, text: String) -> DecodeError {
    DecodeError::Part { part, text }
}

pub(super) fn address(text: String) -> Result<Address, DecodeError> {
    Address::parse(&text).map_err(|_| bad("account", text))
}

fn asset(text: String) -> Result<Asset, DecodeError> {
    Asset::parse(&text).map_err(|_| bad("asset", text))
}

pub(super) fn amount(text: String) -> Result<Amount, DecodeError> {
    Amount::parse(&text).map_err(|_| bad("amount", text))
}

pub(super) fn postings(rows: Vec<PostingText>) -> Result<Vec<Posting>, DecodeError> {
    let posting = |(source, destination, asset_text, amount_text)| {
        Posting::new(address(source)?, address(destination)?, asset(asset_text)?, amount(amount_text)?)
            .map_err(|_| bad("posting", "source and destination are the same".into()))
    };
    rows.into_iter().map(posting).collect()
}

/// The balances of a body of any kind. What else there is, is passed over.
#[derive(Deserialize)]
struct BalancesAlone<'t> {
    #[serde(borrow)]
    balances: Vec<BorrowedBalance<'t>>,
}

/// As [`BalanceText`], in its place.
#[derive(Deserialize)]
struct BorrowedBalance<'t>(
    #[serde(borrow)] Cow<'t, str>,
    #[serde(borrow)] Cow<'t, str>,
    #[serde(borrow)] Cow<'t, str>,
    #[serde(borrow)] Cow<'t, str>,
    #[serde(borrow)] Cow<'t, str>,
    #[serde(borrow)] Cow<'t, str>,
);

/// Reads those of the balances of a body that are wanted, by account and asset.
pub(super) fn wanted_balances(
    text: &str,
    is_wanted: impl Fn(&str, &str) -> bool,
) -> Result<Vec<(BalanceKey, Balance)>, DecodeError> {
    let BalancesAlone { balances: all } = serde_json::from_str(text)?;
    let wanted = all.into_iter().filter(|row| is_wanted(&row.0, &row.1));
    let owned =
        wanted.map(|BorrowedBalance(account, asset, posted_in, posted_out, pending_in, pending_out)| {
            let owned = Cow::into_owned;
            let counters = (owned(posted_in), owned(posted_out), owned(pending_in), owned(pending_out));
            (owned(account), owned(asset), counters.0, counters.1, counters.2, counters.3)
        });
    balances(owned)
}

pub(super) fn balances(
    rows: impl IntoIterator<Item = BalanceText>,
) -> Result<Vec<(BalanceKey, Balance)>, DecodeError> {
    let balance = |(account, asset_text, posted_in, posted_out, pending_in, pending_out)| {
        let key = BalanceKey { account: address(account)?, asset: asset(asset_text)? };
        let balance = Balance {
            posted_in: amount(posted_in)?,
            posted_out: amount(posted_out)?,
            pending_in: amount(pending_in)?,
            pending_out: amount(pending_out)?,
        };
        // What is said of an account is reckoned on that.
        let counted = |posted: Amount, pending| posted.checked_add(pending).is_some();
        if !counted(balance.posted_in, balance.pending_in)
            || !counted(balance.posted_out, balance.pending_out)
        {
            return Err(bad("balance", format!("{} of {}", key.asset.as_str(), key.account.as_str())));
        }
        Ok((key, balance))
    };
    rows.into_iter().map(balance).collect()
}
