//! What has a text form: what is read is written back, and it is the same wherever it is named.

use std::fmt::Debug;

use app_base::http::decimal::Decimal;
use app_base::http::fields::FieldErrors;
use app_base::http::json::{FromJson, read_body};
use app_base::http::percent::{decode, decode_form};
use app_base::http::text::{AddressPrefix, FromText, SignedAmount, whole_number};
use app_base::http::time::Rfc3339;
use engine::idempotency::IdempotencyKey;
use engine::query::{AddressPattern, Clock, Order};
use engine::schedules::{ScheduleId, ScheduleState};
use identity::{Email, UserId, UserName};
use ledger::{Address, Amount, Asset, EntryNumber, HoldState, LedgerName, Quantity, Reference, Timestamp};

/// Reads a text as a string in a body, which has to say the same of it as a parameter does.
fn same_in_a_body<T: FromText + FromJson + PartialEq + Debug>(text: &str) -> Option<T> {
    let alone = T::from_text(text);
    let mut errors = FieldErrors::default();
    let body = serde_json::to_vec(text).expect("a string can be written as JSON");
    let within: Option<T> = read_body(&body, &mut errors);
    match alone {
        Ok(value) => {
            assert!(errors.is_empty(), "{text:?} is refused in a body: {:?}", errors.as_slice());
            assert_eq!(within.as_ref(), Some(&value), "{text:?}");
            Some(value)
        }
        Err(message) => {
            let said: Vec<_> = errors.as_slice().iter().map(|error| error.message.clone()).collect();
            assert_eq!(said, [message], "{text:?}");
            None
        }
    }
}

/// Decoding never makes more of a text, and leaves alone what has nothing to decode.
fn decoded(text: &str) {
    for (decoded, special) in [(decode(text), "%"), (decode_form(text), "%+")] {
        if let Ok(decoded) = decoded {
            assert!(decoded.len() <= text.len());
            assert!(text.contains(|c| special.contains(c)) || decoded == text);
        }
    }
}

pub(crate) fn addresses(text: &str) {
    decoded(text);
    if let Some(address) = same_in_a_body::<Address>(text) {
        assert_eq!(address.as_str(), text);
        assert!(text.len() <= Address::MAX_LENGTH);
        for end in 0..=text.len() {
            assert!(
                AddressPrefix::from_text(&text[..end]).is_ok(),
                "an address may begin with {:?}",
                &text[..end]
            );
        }
        assert_eq!(AddressPattern::from_text(text), Ok(AddressPattern::Exactly(address.clone())));
        for all in [":", ":*"] {
            let pattern = AddressPattern::from_text(&format!("{text}{all}"));
            assert_eq!(pattern, Ok(AddressPattern::Under(address.clone())));
        }
    }
    match AddressPattern::from_text(text) {
        Ok(AddressPattern::Exactly(address)) => assert_eq!(address.as_str(), text),
        Ok(AddressPattern::Under(address)) => {
            let rest = text.strip_prefix(address.as_str());
            assert!(matches!(rest, Some(":" | ":*")), "{text:?}");
        }
        Err(_) => assert!(Address::from_text(text).is_err()),
    }
    if let Ok(AddressPrefix(prefix)) = AddressPrefix::from_text(text) {
        assert_eq!(prefix, text);
        let whole = Address::parse(text).is_ok() || Address::parse(&format!("{text}0")).is_ok();
        assert!(whole, "no address begins with {text:?}");
    }
}

pub(crate) fn amounts(text: &str) {
    let amount = same_in_a_body::<Amount>(text);
    let signed = same_in_a_body::<SignedAmount>(text);
    if let Some(amount) = amount {
        assert!(amount <= Amount::MAX);
        assert_eq!(Amount::from_text(&amount.get().to_string()), Ok(amount));
        assert_eq!(signed, Some(SignedAmount(amount.signed())));
    }
    if let Some(SignedAmount(number)) = signed {
        assert_eq!(SignedAmount::from_text(&number.to_string()), Ok(SignedAmount(number)));
    }
    // As it stands in a body: a number, an object, a string with escapes.
    let body = text.as_bytes();
    let number = serde_json::from_str::<u128>(text).ok().and_then(Amount::new);
    assert_eq!(read::<Amount>(body), number.or_else(|| string(text)), "{text:?}");
    let quantity = read::<Quantity>(body);
    if let Some(amount) = read::<Amount>(body) {
        assert_eq!(quantity, Some(Quantity::Exactly(amount)));
        let up_to = format!("{{\"up_to\":{text}}}");
        assert_eq!(read::<Quantity>(up_to.as_bytes()), Some(Quantity::UpTo(amount)));
    }
    let _ = read::<SignedAmount>(body);
}

/// Reads a JSON string as what it has a text of.
fn string<T: FromText>(text: &str) -> Option<T> {
    let text: String = serde_json::from_str(text).ok()?;
    T::from_text(&text).ok()
}

fn read<T: FromJson>(body: &[u8]) -> Option<T> {
    let mut errors = FieldErrors::default();
    let value = read_body(body, &mut errors);
    assert!(value.is_some() || !errors.is_empty(), "what is refused is told of");
    value.filter(|_| errors.is_empty())
}

pub(crate) fn assets(text: &str) {
    if let Some(asset) = same_in_a_body::<Asset>(text) {
        assert_eq!(asset.as_str(), text);
        assert!(asset.scale() <= 999_999);
        for amount in [Amount::ZERO, Amount::from(1_u64), Amount::MAX] {
            let written = Decimal::of(amount, &asset).to_string();
            let digits: String = written.chars().filter(char::is_ascii_digit).collect();
            assert_eq!(digits.parse(), Ok(amount.get()), "{written}");
        }
    }
}

pub(crate) fn names(text: &str) {
    if let Some(name) = same_in_a_body::<LedgerName>(text) {
        assert_eq!(name.as_str(), text);
    }
    if let Some(reference) = same_in_a_body::<Reference>(text) {
        assert_eq!(reference.as_str(), text);
    }
    if let Some(name) = same_in_a_body::<UserName>(text) {
        assert_eq!(name.as_str(), text);
    }
    if let Some(id) = same_in_a_body::<UserId>(text) {
        assert_eq!(id.as_str(), text);
    }
    if let Some(email) = same_in_a_body::<Email>(text) {
        assert!(email.as_str().eq_ignore_ascii_case(text) && text.len() <= Email::BYTES_MAX);
        assert_eq!(Email::from_text(email.as_str()).map(|again| again.folded()), Ok(email.folded()));
    }
    if let Some(key) = same_in_a_body::<IdempotencyKey>(text) {
        assert_eq!(key.as_str(), text);
        assert_eq!(IdempotencyKey::stored(text), Ok(key));
    }
    if let Ok(key) = IdempotencyKey::stored(text) {
        assert_eq!(key.as_str(), text);
    }
    if let Ok(EntryNumber(number)) = EntryNumber::from_text(text) {
        assert_eq!(number.to_string(), text);
        assert_eq!(ScheduleId::from_text(text), Ok(ScheduleId(number)));
    }
    if let Ok(number) = whole_number(text, 1, 1000) {
        assert_eq!(text.trim_start_matches('0'), number.to_string());
    }
    if let Ok(state) = ScheduleState::from_text(text) {
        assert_eq!(state.name(), text);
    }
    let _ = (HoldState::from_text(text), Clock::from_text(text), Order::from_text(text));
}

pub(crate) fn times(text: &str) {
    let Some(time) = same_in_a_body::<Timestamp>(text) else { return };
    assert!((Timestamp::MIN..=Timestamp::MAX).contains(&time));
    let written = Rfc3339(time).to_string();
    assert_eq!(Timestamp::from_text(&written), Ok(time), "{text:?} is written {written:?}");
    // Who else reads such times, takes it for the same moment.
    if let Ok(other) = text.parse::<jiff::Timestamp>() {
        assert_eq!(other.as_microsecond(), time.micros(), "{text:?}");
    }
}
