//! The cells of tables: postings, and what a command is expected to be answered with.

use ledger::{Address, Asset, HoldState, Posting, Postings, Quantity};

use super::amounts;
use super::script::{Answer, Expected};
use super::span::{Fault, Span};
use super::told::{CODES, FACTS, state_text};

/// Reads `SOURCE -> DESTINATION QUANTITY ASSET`, as often as it stands there with `;` between. Nothing stands for
/// none.
///
/// # Errors
/// Where something else stands.
pub(crate) fn postings(cell: Span<'_>) -> Result<Option<Postings<Quantity>>, Fault> {
    if cell.text.is_empty() {
        return Ok(None);
    }
    let postings = cell.split(';').map(posting).collect::<Result<Vec<_>, _>>()?;
    Postings::new(postings).map(Some).map_err(|error| cell.fault(format!("{error:?}")))
}

fn posting(span: Span<'_>) -> Result<Posting<Quantity>, Fault> {
    let words = span.words();
    let [source, arrow, destination, quantity @ ..] = &words[..] else {
        return Err(span.fault("a posting is SOURCE -> DESTINATION QUANTITY ASSET"));
    };
    if arrow.text != "->" {
        return Err(arrow.fault("-> stands between source and destination"));
    }
    let (source, destination) = (address(*source)?, address(*destination)?);
    let (quantity, asset) = match quantity {
        [all, code] if all.text == "all" => (Quantity::All, asset(*code)?),
        [amount, code] => {
            let asset = asset(*code)?;
            (Quantity::Exactly(amounts::read(*amount, &asset)?), asset)
        }
        [up, to, amount, code] if (up.text, to.text) == ("up", "to") => {
            let asset = asset(*code)?;
            (Quantity::UpTo(amounts::read(*amount, &asset)?), asset)
        }
        _ => return Err(span.fault("what moves is AMOUNT ASSET, up to AMOUNT ASSET, or all ASSET")),
    };
    Posting::new(source, destination, asset, quantity).map_err(|_| span.fault("an account cannot pay itself"))
}

/// Reads what is expected: a status, then `replayed`, or a code with its facts.
///
/// # Errors
/// Where something else stands, or a code has another status.
pub(crate) fn expected(cell: Span<'_>) -> Result<Expected, Fault> {
    let mut parts = cell.split(';');
    let words = parts.next().map(Span::words).unwrap_or_default();
    let Some(status) = words.first() else { return Err(cell.fault("what is expected is missing")) };
    let number: u16 = status.text.parse().map_err(|_| status.fault("a status is a number, such as 201"))?;
    let answer = match &words[1..] {
        [] if number == 200 || number == 201 => Answer::Done,
        [] => return Err(status.fault("a refusal has a code")),
        [word] if word.text == "replayed" => Answer::Replayed,
        [word] => {
            let known = CODES.iter().find(|(code, _)| *code == word.text);
            let (code, its_status) = known.ok_or_else(|| word.fault("there is no such code"))?;
            if *its_status != number {
                return Err(status.fault(format!("the status of {code} is {its_status}")));
            }
            Answer::Refused(code)
        }
        [_, more, ..] => return Err(more.fault("; stands before a fact")),
    };
    let facts = parts.map(|part| {
        let (name, value) = part.first_word();
        if !FACTS.contains(&name) || value.text.is_empty() {
            return Err(part.fault(format!("a fact is one of {}, and its value", FACTS.join(", "))));
        }
        Ok((name.to_owned(), value.text.to_owned()))
    });
    let facts: Vec<_> = facts.collect::<Result<_, _>>()?;
    if !facts.is_empty() && !matches!(answer, Answer::Refused(_)) {
        return Err(cell.fault("only refusals have facts"));
    }
    Ok(Expected { status: number, answer, facts })
}

pub(crate) fn address(span: Span<'_>) -> Result<Address, Fault> {
    Address::parse(span.text).map_err(|_| span.fault(format!("{:?} is no address of an account", span.text)))
}

pub(crate) fn asset(span: Span<'_>) -> Result<Asset, Fault> {
    let no_asset = || span.fault(format!("{:?} is no asset", span.text));
    let asset = Asset::parse(span.text).map_err(|_| no_asset())?;
    if asset.scale() > 38 { Err(span.fault("assets of at most 38 decimal places here")) } else { Ok(asset) }
}

pub(crate) fn state(span: Span<'_>) -> Result<HoldState, Fault> {
    use HoldState::{Captured, Expired, Open, Voided};
    let states = [Open, Captured, Voided, Expired];
    let state = states.into_iter().find(|state| state_text(*state) == span.text);
    state.ok_or_else(|| span.fault("a hold is open, captured, voided or expired"))
}
