//! Policies: how requests change them, how replies show them, and the schemas of both.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ledger::{Asset, Floors, FloorsPatch, Frozen, Policy, PolicyPatch};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::fields::FieldErrors;
use super::json::{FromJson, Slot, Value, refuse_unknown};
use super::text::{FromText, SignedAmount};
use super::values::{SignedInput, SignedText};

/// What stands for floors that are not there.
const UNBOUNDED: &str = "unbounded";

/// What an account allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Policy")]
pub struct PolicyView {
    /// How far its available balances may fall.
    pub floor: FloorView,
    /// Which postings it does not take part in for now.
    pub frozen: FrozenView,
    /// Whether it is closed: then it takes part in no posting at all.
    pub closed: bool,
}

impl From<Policy> for PolicyView {
    fn from(policy: Policy) -> Self {
        Self { floor: FloorView(policy.floors), frozen: FrozenView(policy.frozen), closed: policy.closed }
    }
}

/// How far the available balances of an account may fall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloorView(pub Floors);

impl Serialize for FloorView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Floors::Unbounded => serializer.serialize_str(UNBOUNDED),
            Floors::PerAsset(floors) => serializer
                .collect_map(floors.iter().map(|(asset, floor)| (asset.as_str(), SignedText::from(*floor)))),
        }
    }
}

impl JsonSchema for FloorView {
    fn schema_name() -> Cow<'static, str> {
        "Floor".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let amount = generator.subschema_for::<SignedText>();
        json_schema!({
            "description": "How far the available balances of an account may fall: by asset, never below so many minor \
                            units, a credit limit where that is negative, and never below 0 in all other assets; or \
                            `unbounded`.",
            "anyOf": [
                { "type": "object", "maxProperties": 64, "additionalProperties": amount },
                { "type": "string", "const": UNBOUNDED }
            ],
            "examples": [{ "USD/2": "-5000" }, UNBOUNDED]
        })
    }
}

/// Which postings an account does not take part in for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrozenView(pub Frozen);

impl Serialize for FrozenView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self.0 {
            Frozen::None => "none",
            Frozen::Debits => "debits",
            Frozen::Credits => "credits",
            Frozen::All => "all",
        })
    }
}

impl JsonSchema for FrozenView {
    fn schema_name() -> Cow<'static, str> {
        "Frozen".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Which postings an account does not take part in for now: those that `debits` it, those that \
                            `credits` it, `all`, or `none`.",
            "type": "string",
            "enum": ["none", "debits", "credits", "all"]
        })
    }
}

impl FromText for Frozen {
    fn from_text(text: &str) -> Result<Self, super::text::Message> {
        match text {
            "none" => Ok(Self::None),
            "debits" => Ok(Self::Debits),
            "credits" => Ok(Self::Credits),
            "all" => Ok(Self::All),
            _ => Err("must be none, debits, credits or all".into()),
        }
    }
}

impl FromJson for Frozen {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        value.parse(errors)
    }
}

/// A change of a policy. What is not given stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields, extend("examples" = [{ "floor": { "USD/2": "-5000" }, "frozen": "debits" }]))]
pub struct PolicyRequest {
    /// How far available balances may fall from now on.
    #[schemars(with = "Option<FloorInput>")]
    pub floor: Option<FloorsPatch>,
    /// Which postings it does not take part in from now on.
    #[schemars(with = "Option<FrozenView>")]
    pub frozen: Option<Frozen>,
    /// Whether it is closed from now on.
    #[schemars(with = "Option<bool>")]
    pub closed: Option<bool>,
}

impl FromJson for PolicyPatch {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let (mut floor, mut frozen, mut closed) = (Slot::default(), Slot::default(), Slot::default());
        let mut has_any = false;
        value.members(errors, |member, value, errors| {
            has_any |= !value.is_null();
            match member {
                "floor" => floor.read_optional(value, errors),
                "frozen" => frozen.read_optional(value, errors),
                "closed" => closed.read_optional(value, errors),
                _ => refuse_unknown(value, &["floor", "frozen", "closed"], errors),
            }
        })?;
        if !has_any {
            value.refuse(errors, "must have floor, frozen or closed");
            return None;
        }
        Some(Self { floors: floor.optional(), frozen: frozen.optional(), closed: closed.optional() })
    }
}

/// A whole policy, as replies and exports show it: every part has to be there.
impl FromJson for Policy {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        let PolicyPatch { floors, frozen, closed } = PolicyPatch::from_json(value, errors)?;
        for (member, is_there) in
            [("floor", floors.is_some()), ("frozen", frozen.is_some()), ("closed", closed.is_some())]
        {
            if !is_there {
                value.refuse_member(member, "is required", errors);
            }
        }
        let floors = match floors? {
            FloorsPatch::Unbounded => Floors::Unbounded,
            FloorsPatch::PerAsset(floors) => {
                let floors: Option<BTreeMap<_, _>> =
                    floors.into_iter().map(|(asset, floor)| Some((asset, floor?))).collect();
                if floors.is_none() {
                    value.refuse_member("floor", "has an asset without a floor", errors);
                }
                Floors::PerAsset(floors?)
            }
        };
        Some(Self { floors, frozen: frozen?, closed: closed? })
    }
}

/// The schema of a change of floors in requests. Has no values: requests are read into [`FloorsPatch`].
pub enum FloorInput {}

impl JsonSchema for FloorInput {
    fn schema_name() -> Cow<'static, str> {
        "FloorPatch".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let amount = generator.subschema_for::<SignedInput>();
        json_schema!({
            "description": "A new floor by asset, in minor units: a credit limit where it is negative; null takes the \
                            floor back to 0, and assets that are not given keep theirs. Where the account was unbounded, \
                            they stop at 0 from now on. Or `unbounded`.",
            "anyOf": [
                {
                    "type": "object",
                    "maxProperties": 64,
                    "additionalProperties": { "anyOf": [amount, { "type": "null" }] }
                },
                { "type": "string", "const": UNBOUNDED }
            ],
            "examples": [{ "USD/2": "-5000" }, UNBOUNDED]
        })
    }
}

impl FromJson for FloorsPatch {
    fn from_json(value: Value<'_>, errors: &mut FieldErrors) -> Option<Self> {
        if value.is_string() {
            if value.string(errors)? == UNBOUNDED {
                return Some(Self::Unbounded);
            }
            value.refuse(errors, "must be unbounded, or an object of floors by asset");
            return None;
        }
        let mut floors = BTreeMap::new();
        let (mut wrong, mut count) = (false, 0);
        value.members(errors, |name, member, errors| {
            count += 1;
            if count > Floors::MAX {
                return;
            }
            let asset = Asset::from_text(name).map_err(|message| member.refuse(errors, message)).ok();
            let floor = if member.is_null() {
                Some(None)
            } else {
                SignedAmount::from_json(member, errors).map(|SignedAmount(units)| Some(units))
            };
            match asset.zip(floor) {
                None => wrong = true,
                Some((asset, floor)) => {
                    if floors.insert(asset, floor).is_some() {
                        member.refuse(errors, "is given more than once");
                        wrong = true;
                    }
                }
            }
        })?;
        if count > Floors::MAX {
            value.refuse(errors, format!("has {count} floors; there may be at most {}", Floors::MAX));
            return None;
        }
        (!wrong).then_some(Self::PerAsset(floors))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::json::read_body;

    fn read(body: &str) -> Result<PolicyPatch, Vec<String>> {
        let mut errors = FieldErrors::default();
        match read_body(body.as_bytes(), &mut errors) {
            Some(patch) if errors.is_empty() => Ok(patch),
            _ => Err(errors.as_slice().iter().map(|error| error.field.clone()).collect()),
        }
    }

    fn asset(text: &str) -> Asset {
        Asset::parse(text).unwrap()
    }

    #[test]
    fn every_part_may_be_given_alone() {
        let per_asset = |floors: &[(&str, Option<i128>)]| {
            let floors = floors.iter().map(|(text, floor)| (asset(text), *floor)).collect();
            PolicyPatch { floors: Some(FloorsPatch::PerAsset(floors)), ..PolicyPatch::default() }
        };
        let floors = per_asset(&[("USD/2", Some(-5000)), ("EUR/2", Some(7)), ("BTC/8", None)]);
        assert_eq!(read(r#"{"floor": {"USD/2": "-5000", "EUR/2": 7, "BTC/8": null}}"#), Ok(floors));
        assert_eq!(read(r#"{"floor": {}}"#), Ok(per_asset(&[])));
        let unbounded = PolicyPatch { floors: Some(FloorsPatch::Unbounded), ..PolicyPatch::default() };
        assert_eq!(read(r#"{"floor": "unbounded", "frozen": null}"#), Ok(unbounded));
        for (text, frozen) in [
            ("none", Frozen::None),
            ("debits", Frozen::Debits),
            ("credits", Frozen::Credits),
            ("all", Frozen::All),
        ] {
            let patch = PolicyPatch { frozen: Some(frozen), ..PolicyPatch::default() };
            assert_eq!(read(&format!(r#"{{"frozen": "{text}"}}"#)), Ok(patch));
            assert_eq!(serde_json::to_value(FrozenView(frozen)).unwrap(), json!(text));
        }
        let closed = PolicyPatch { closed: Some(false), ..PolicyPatch::default() };
        assert_eq!(read(r#"{"closed": false}"#), Ok(closed));
    }

    #[test]
    fn every_fault_is_named() {
        let many = |count: usize| {
            let floors: Vec<_> = (0..count).map(|n| format!(r#""A{n}": 0"#)).collect();
            format!(r#"{{"floor": {{{}}}}}"#, floors.join(","))
        };
        assert!(read(&many(64)).is_ok());
        for (body, fields) in [
            ("{}".to_owned(), &["body"][..]),
            (r#"{"floor": null}"#.into(), &["body"]),
            (r#"{"floor": "none"}"#.into(), &["floor"]),
            (r#"{"floor": -5}"#.into(), &["floor"]),
            (r#"{"floor": ["USD/2"]}"#.into(), &["floor"]),
            (
                r#"{"floor": {"usd": 5, "USD/2": "x", "EUR/2": 1.5}}"#.into(),
                &["floor.usd", "floor.USD/2", "floor.EUR/2"],
            ),
            (r#"{"floor": {"USD/2": 5, "USD/2": 6}}"#.into(), &["floor.USD/2"]),
            (many(65), &["floor"]),
            (many(5000), &["floor"]),
            (r#"{"frozen": "some"}"#.into(), &["frozen"]),
            (r#"{"frozen": true}"#.into(), &["frozen"]),
            (r#"{"closed": "true"}"#.into(), &["closed"]),
            (r#"{"limit": 5, "closed": true, "closed": true}"#.into(), &["limit", "closed"]),
        ] {
            assert_eq!(read(&body).unwrap_err(), fields, "{body}");
        }
    }

    #[test]
    fn policies_are_shown_with_floors_as_text() {
        let floors = Floors::PerAsset([(asset("USD/2"), -i128::MAX), (asset("EUR/2"), 0)].into());
        let policy = Policy { floors, frozen: Frozen::Credits, closed: true };
        assert_eq!(
            serde_json::to_value(PolicyView::from(policy)).unwrap(),
            json!({
                "floor": { "EUR/2": "0", "USD/2": "-170141183460469231731687303715884105727" },
                "frozen": "credits",
                "closed": true,
            })
        );
        assert_eq!(serde_json::to_value(FloorView(Floors::Unbounded)).unwrap(), json!("unbounded"));
    }
}
