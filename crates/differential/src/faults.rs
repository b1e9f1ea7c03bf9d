//! Requests that are malformed, and the fields that have to be named for it.

use ledger::Command;
use reference_model::Model;
use serde_json::{Value, json};

use crate::asked;
use crate::connection::Request;
use crate::draw::Draw;

/// A malformed request, and the fields to be named, in any order.
pub(crate) struct Fault {
    pub(crate) request: Request,
    pub(crate) fields: Vec<String>,
}

impl Draw {
    /// Draws a well-formed transaction and spoils it.
    pub(crate) fn fault(&mut self, ledger: &str, model: &Model) -> Fault {
        let command = self.transaction(model);
        let mut request = asked::request(ledger, &command, None, false);
        let Command::PostTransaction(post) = &command else { unreachable!("a transaction was drawn") };
        let nth = self.random.usize(..post.postings.as_slice().len());
        let body = request.body.as_deref().unwrap_or_default();
        let mut body: Value = serde_json::from_str(body).expect("it is written as JSON");
        let fields = match self.random.u32(..10) {
            0 => {
                request.key = Some("not a key".to_owned());
                vec!["Idempotency-Key".to_owned()]
            }
            1 => {
                request.path = format!("/v1/ledgers/{ledger}/transactions/x/reversals");
                body = json!({});
                vec!["id".to_owned()]
            }
            2 => {
                request.path = format!("/v1/ledgers/{ledger}/holds/-1/captures");
                body = json!({ "final": "yes" });
                vec!["id".to_owned(), "final".to_owned()]
            }
            3 => {
                (request.method, request.path) = ("PATCH", format!("/v1/ledgers/{ledger}/accounts/users:1"));
                body = json!({ "policy": { "frozen": "partly", "floor": { "USD/2": "x" } } });
                vec!["policy.frozen".to_owned(), "policy.floor.USD/2".to_owned()]
            }
            _ => {
                let mut fields = self.spoil_posting(&mut body, nth);
                if self.chance(50) {
                    fields.extend(self.spoil_rest(&mut body));
                }
                fields
            }
        };
        request.body = Some(body.to_string());
        Fault { request, fields }
    }

    /// Draws a well-formed transaction of a batch and spoils it.
    pub(crate) fn faulty_transaction(&mut self, model: &Model) -> (Value, Vec<String>) {
        let command = self.transaction(model);
        let Command::PostTransaction(post) = &command else { unreachable!("a transaction was drawn") };
        let nth = self.random.usize(..post.postings.as_slice().len());
        let mut written = asked::in_batch(&command, None);
        let mut fields = self.spoil_posting(&mut written, nth);
        if self.chance(50) {
            fields.extend(self.spoil_rest(&mut written));
        }
        (written, fields)
    }

    fn spoil_posting(&mut self, body: &mut Value, nth: usize) -> Vec<String> {
        let posting = &mut body["postings"][nth];
        let amounts = ["-1", "1.5", "", "much", "170141183460469231731687303715884105728"];
        let addresses = ["", "a b", "users::1", ":users", "ü"];
        let member = match self.random.u32(..5) {
            0 => {
                posting["amount"] = amounts[self.random.usize(..amounts.len())].into();
                "amount"
            }
            1 => {
                posting["source"] = addresses[self.random.usize(..addresses.len())].into();
                "source"
            }
            2 => {
                posting["destination"] = posting["source"].clone();
                "destination"
            }
            3 => {
                posting["asset"] = ["usd", "USD/", "", "USD/1234567"][self.random.usize(..4)].into();
                "asset"
            }
            _ => {
                posting["amonut"] = "1".into();
                "amonut"
            }
        };
        vec![format!("postings[{nth}].{member}")]
    }

    fn spoil_rest(&mut self, body: &mut Value) -> Vec<String> {
        let (member, value, fields) = match self.random.u32(..6) {
            0 => ("colour", json!("red"), vec!["colour"]),
            1 => ("reference", json!(""), vec!["reference"]),
            2 => ("effective_at", json!("yesterday"), vec!["effective_at"]),
            3 => ("metadata", json!({ "k": 1 }), vec!["metadata.k"]),
            4 => ("dry_run", json!("no"), vec!["dry_run"]),
            _ => ("expect", json!([{}]), vec!["expect[0].account", "expect[0].asset", "expect[0]"]),
        };
        body[member] = value;
        fields.into_iter().map(str::to_owned).collect()
    }
}
