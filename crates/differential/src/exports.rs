//! Exports of a whole ledger, held against its log.

use ledger::{Amount, Asset, EntryBody, Reference};
use serde_json::{Value, json};

use crate::history::{History, Stop};
use crate::{shown, times};

/// What an entry has in an export where it says something, and is left out elsewhere.
const LEFT_OUT: [&str; 5] = ["captures", "reverses", "releases", "expires_at", "transaction"];

/// How many hexadecimal digits say what a key stands for.
const FINGERPRINT: usize = 32;

impl History<'_> {
    /// Compares what the ledger is exported as, line for line and row for row.
    pub(crate) fn audit_exports(&mut self) -> Result<(), Stop> {
        self.audit_lines()?;
        self.audit_table()
    }

    fn audit_lines(&mut self) -> Result<(), Stop> {
        let request = self.get("/export");
        let reply = self.call(&request)?;
        let mut got = match reply.body {
            Value::Array(lines) => lines.into_iter(),
            other => return self.same(&request, json!("lines"), other),
        };
        let mut about = got.next().unwrap_or_default();
        let created_at = about.as_object_mut().and_then(|members| members.shift_remove("created_at"));
        let created_at = created_at.and_then(|shown| times::read(shown.as_str()?));
        self.same(&request, json!(true), json!(created_at.is_some()))?;
        let expected = json!({
            "type": "ledger",
            "version": 1,
            "name": self.ledger,
            "metadata": {},
            "entries": self.log.len(),
        });
        self.same(&request, expected, about)?;
        self.same(&request, json!({ "entries": self.log.len() }), json!({ "entries": got.len() }))?;
        for ((entry, key), mut line) in self.log.iter().zip(&self.keys).zip(got) {
            let mut expected = shown::log_entry(entry, None);
            if let Value::Object(members) = &mut expected {
                members.shift_remove("idempotency_key");
                members.retain(|name, value| !(value.is_null() && LEFT_OUT.contains(&name.as_str())));
                let by =
                    key.as_ref().map(|key| json!({ "idempotency_key": key, "fingerprint": FINGERPRINT }));
                members.insert("request".into(), json!(by));
            }
            // How it is made is the service's own affair.
            if let Some(fingerprint) = line["request"].get_mut("fingerprint") {
                let digits = fingerprint.as_str().filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
                *fingerprint = json!(digits.map(str::len));
            }
            self.same(&request, expected, line)?;
        }
        Ok(())
    }

    fn audit_table(&mut self) -> Result<(), Stop> {
        let request = self.get("/export?format=csv");
        let reply = self.call(&request)?;
        let Some(mut got) = rows(&reply.body) else {
            return self.same(&request, json!("a table"), reply.body);
        };
        for row in &mut got {
            let metadata = row["metadata"].as_str().and_then(|text| serde_json::from_str(text).ok());
            row["metadata"] = metadata.unwrap_or_default();
        }
        let mut expected = Vec::new();
        for (entry, key) in self.log.iter().zip(&self.keys) {
            let EntryBody::Transaction(transaction) = &entry.body else { continue };
            for (nth, posting) in transaction.postings.as_slice().iter().enumerate() {
                expected.push(json!({
                    "entry": entry.number.0.to_string(),
                    "posting": nth.to_string(),
                    "recorded_at": times::text(entry.recorded_at),
                    "effective_at": times::text(entry.effective_at),
                    "source": posting.source().as_str(),
                    "destination": posting.destination().as_str(),
                    "asset": posting.asset().as_str(),
                    "amount": posting.amount().get().to_string(),
                    "decimal_amount": of_amount(posting.amount(), posting.asset()),
                    "reference": transaction.reference.as_ref().map_or("", Reference::as_str),
                    "idempotency_key": key.as_deref().unwrap_or_default(),
                    "metadata": shown::metadata(&transaction.metadata),
                }));
            }
        }
        self.same(&request, json!({ "rows": expected.len() }), json!({ "rows": got.len() }))?;
        for (expected, got) in expected.into_iter().zip(got) {
            self.same(&request, expected, got)?;
        }
        Ok(())
    }
}

/// Reads a table: an object for each row, by the names of the columns.
pub(crate) fn rows(table: &Value) -> Option<Vec<Value>> {
    let mut reader = csv::Reader::from_reader(table.as_str()?.as_bytes());
    let names = reader.headers().ok()?.clone();
    let row = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.ok()?;
        let fields = names.iter().zip(&record).map(|(name, field)| (name.to_owned(), field.into()));
        Some(Value::Object(fields.collect()))
    };
    reader.records().map(row).collect()
}

fn of_amount(amount: Amount, asset: &Asset) -> String {
    decimal(i128::try_from(amount.get()).expect("amounts are below 2^127"), asset)
}

/// Writes minor units as a decimal number.
pub(crate) fn decimal(minor_units: i128, asset: &Asset) -> String {
    let one = 10_u128.pow(asset.scale());
    let sign = if minor_units < 0 { "-" } else { "" };
    let (whole, rest) = (minor_units.unsigned_abs() / one, minor_units.unsigned_abs() % one);
    match asset.scale() as usize {
        0 => format!("{sign}{whole}"),
        places => format!("{sign}{whole}.{rest:0places$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_the_places_of_their_asset() {
        let written = |units, asset| decimal(units, &Asset::parse(asset).unwrap());
        for (units, asset, text) in
            [(1250, "USD/2", "12.50"), (-5, "USD/2", "-0.05"), (7, "POINTS", "7"), (1, "BTC/8", "0.00000001")]
        {
            assert_eq!(written(units, asset), text);
        }
    }
}
