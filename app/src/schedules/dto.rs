//! What requests about schedules look like.

use engine::schedules::{Definition, Recurrence, Rule, Timing, Zone};
use ledger::{Expectations, Metadata, PostTransaction, Postings, Quantity, Reference, Timestamp};
use schemars::JsonSchema;

use crate::http::expectations::ExpectationRequest;
use crate::http::fields::FieldErrors;
use crate::http::json::{FromJson, Slot, Value, refuse_unknown};
use crate::http::postings::PostingRequest;
use crate::http::values::{MetadataValue, ReferenceText, RuleText, TimeText, ZoneText};

/// A transaction to post later.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{
    "transaction": { "postings": [
        { "source": "users:42:wallet", "destination": "rent", "asset": "EUR/2", "amount": "95000" },
    ] },
    "rule": {
        "rrule": "FREQ=MONTHLY;BYMONTHDAY=1",
        "starts_at": "2026-01-01T08:00:00+01:00",
        "time_zone": "Europe/Berlin",
    },
    "metadata": { "contract": "7" },
}]))]
pub struct CreateScheduleRequest {
    /// What to post.
    #[schemars(with = "ScheduledTransactionRequest")]
    pub transaction: PostTransaction,
    /// When to post it, once. A time that has passed is due at once. There has to be this or `rule`.
    #[schemars(with = "Option<TimeText>")]
    pub at: Option<Timestamp>,
    /// When to post it, again and again.
    #[schemars(with = "Option<RecurrenceRequest>")]
    pub rule: Option<Recurrence>,
    /// What to keep beside the schedule.
    #[schemars(with = "Option<MetadataValue>")]
    pub metadata: Metadata,
}

/// What to post: the body of a transaction, but for `dry_run`.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ScheduledTransactionRequest {
    /// What to move, in order.
    #[schemars(with = "Vec<PostingRequest>", length(min = 1, max = 1000))]
    pub postings: Postings<Quantity>,
    /// The caller's own name for it, which no other transaction of the ledger has. Not with `rule`.
    #[schemars(with = "Option<ReferenceText>")]
    pub reference: Option<Reference>,
    /// When it counts; when it is due, where left out. Not with `rule`.
    #[schemars(with = "Option<TimeText>")]
    pub effective_at: Option<Timestamp>,
    /// What to keep beside it.
    #[schemars(with = "Option<MetadataValue>")]
    pub metadata: Metadata,
    /// What has to hold once all postings are through, or the transaction is rejected.
    #[schemars(with = "Option<Vec<ExpectationRequest>>", length(max = 100))]
    pub expect: Expectations,
}

/// A calendar rule with its start.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{
    "rrule": "FREQ=MONTHLY;BYMONTHDAY=-1",
    "starts_at": "2026-01-31T18:00:00+01:00",
    "time_zone": "Europe/Berlin",
}]))]
pub struct RecurrenceRequest {
    /// The rule.
    #[schemars(with = "RuleText")]
    pub rrule: Rule,
    /// From when on it falls, a whole second. What the rule leaves open, such as the time of day, is as here.
    #[schemars(with = "TimeText")]
    pub starts_at: Timestamp,
    /// On which clock it is read; `UTC` where left out.
    #[schemars(with = "Option<ZoneText>")]
    pub time_zone: Zone,
}

impl FromJson for ScheduledTransactionRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut postings, mut reference, mut effective_at) =
            (Slot::default(), Slot::default(), Slot::default());
        let (mut metadata, mut expect) = (Slot::default(), Slot::default());
        value.members(errors, |member, value, errors| match member {
            "postings" => postings.read(value, errors),
            "reference" => reference.read_optional(value, errors),
            "effective_at" => effective_at.read_optional(value, errors),
            "metadata" => metadata.read_optional(value, errors),
            "expect" => expect.read_optional(value, errors),
            _ => {
                let known = ["postings", "reference", "effective_at", "metadata", "expect"];
                refuse_unknown(value, &known, errors);
            }
        })?;
        let postings = postings.required(value, "postings", errors);
        Some(Self {
            postings: postings?,
            reference: reference.optional(),
            effective_at: effective_at.optional(),
            metadata: metadata.optional().unwrap_or_default(),
            expect: expect.optional().unwrap_or_default(),
        })
    }
}

impl From<ScheduledTransactionRequest> for PostTransaction {
    fn from(request: ScheduledTransactionRequest) -> Self {
        let ScheduledTransactionRequest { postings, reference, effective_at, metadata, expect } = request;
        Self { postings, reference, effective_at, metadata, expectations: expect }
    }
}

impl FromJson for CreateScheduleRequest {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut transaction, mut at) = (Slot::<ScheduledTransactionRequest>::default(), Slot::default());
        let (mut rule, mut metadata) = (Slot::default(), Slot::default());
        let (mut has_at, mut has_rule) = (false, false);
        value.members(errors, |member, value, errors| match member {
            "transaction" => transaction.read(value, errors),
            "at" => {
                has_at |= !value.is_null();
                at.read_optional(value, errors);
            }
            "rule" => {
                has_rule |= !value.is_null();
                rule.read_optional(value, errors);
            }
            "metadata" => metadata.read_optional(value, errors),
            _ => refuse_unknown(value, &["transaction", "at", "rule", "metadata"], errors),
        })?;
        match (has_at, has_rule) {
            (false, false) => value.refuse(errors, "must have at or rule"),
            (true, true) => value.refuse(errors, "must not have both at and rule"),
            _ => {}
        }
        let transaction = transaction.required(value, "transaction", errors);
        if let Some(transaction) = transaction.as_ref().filter(|_| has_rule) {
            let mut refuse = |name, message| value.refuse_member(name, message, errors);
            if transaction.reference.is_some() {
                refuse(
                    "transaction.reference",
                    "must be left out with rule: one transaction alone can have it",
                );
            }
            if transaction.effective_at.is_some() {
                refuse("transaction.effective_at", "must be left out with rule: each counts when it is due");
            }
        }
        Some(Self {
            transaction: transaction?.into(),
            at: at.optional(),
            rule: rule.optional(),
            metadata: metadata.optional().unwrap_or_default(),
        })
    }
}

impl From<CreateScheduleRequest> for Definition {
    /// # Panics
    /// When there is neither a time nor a rule, which reading refuses.
    fn from(request: CreateScheduleRequest) -> Self {
        let CreateScheduleRequest { transaction, at, rule, metadata } = request;
        let timing = rule.map(Timing::Rule).or(at.map(Timing::Once)).expect("there is a time or a rule");
        Self { transaction, timing, metadata }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json::read_body;

    const POSTINGS: &str = r#"[{"source": "world", "destination": "a", "asset": "USD/2", "amount": "1"}]"#;

    fn read(transaction: &str, rest: &str) -> Result<Definition, Vec<String>> {
        let body = format!(r#"{{"transaction": {{"postings": {POSTINGS}{transaction}}}{rest}}}"#);
        let mut errors = FieldErrors::default();
        match read_body::<CreateScheduleRequest>(body.as_bytes(), &mut errors) {
            Some(request) if errors.is_empty() => Ok(request.into()),
            _ => Err(errors.as_slice().iter().map(|error| error.field.clone()).collect()),
        }
    }

    #[test]
    fn a_time_or_a_rule_is_read() {
        let once = read(
            r#", "reference": "r", "effective_at": "2026-01-01T00:00:00Z""#,
            r#", "at": "2026-01-02T00:00:00Z""#,
        );
        let Definition { transaction, timing: Timing::Once(at), .. } = once.unwrap() else { panic!() };
        assert_eq!(at.micros() - transaction.effective_at.unwrap().micros(), 86_400_000_000);

        let rule = r#", "metadata": {"k": "v"}, "rule": {"rrule": "FREQ=DAILY", "starts_at": "2026-01-01T00:00:00+01:00", "time_zone": "europe/berlin"}"#;
        let Definition { timing: Timing::Rule(rule), metadata, .. } = read("", rule).unwrap() else {
            panic!()
        };
        assert_eq!((rule.rule().as_str(), rule.zone().name()), ("FREQ=DAILY", "Europe/Berlin"));
        assert_eq!(metadata.get("k"), Some("v"));
        let rule = r#", "at": null, "rule": {"rrule": "FREQ=DAILY", "starts_at": "2026-01-01T00:00:00Z", "time_zone": null}"#;
        let Definition { timing: Timing::Rule(rule), .. } = read("", rule).unwrap() else { panic!() };
        assert_eq!(rule.zone(), &Zone::utc());
    }

    #[test]
    fn every_fault_is_named() {
        let rule = r#""rule": {"rrule": "FREQ=DAILY", "starts_at": "2026-01-01T00:00:00Z"}"#;
        for (transaction, rest, fields) in [
            ("", String::new(), &["body"][..]),
            ("", format!(r#", "at": "2026-01-01T00:00:00Z", {rule}"#), &["body"]),
            ("", r#", "at": "soon""#.into(), &["at"]),
            (
                r#", "dry_run": true"#,
                r#", "at": "2026-01-01T00:00:00Z", "on": 1"#.into(),
                &["transaction.dry_run", "on"],
            ),
            (
                r#", "reference": "r", "effective_at": "2026-01-01T00:00:00Z""#,
                format!(", {rule}"),
                &["transaction.reference", "transaction.effective_at"],
            ),
            ("", r#", "rule": {}"#.into(), &["rule.rrule", "rule.starts_at"]),
            (
                "",
                r#", "rule": {"rrule": "FREQ=SECONDLY", "starts_at": "x", "time_zone": "Mars", "until": 1}"#
                    .into(),
                &["rule.rrule", "rule.starts_at", "rule.time_zone", "rule.until"],
            ),
            (
                "",
                r#", "rule": {"rrule": "FREQ=DAILY", "starts_at": "2026-01-01T00:00:00.5Z"}"#.into(),
                &["rule.starts_at"],
            ),
        ] {
            assert_eq!(read(transaction, &rest).unwrap_err(), fields, "{transaction} {rest}");
        }
    }
}
