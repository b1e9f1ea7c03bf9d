//! Gadgets: created, shown, refused, and what becomes of them when the store fails.

use async_trait::async_trait;
use engine::access::WriteAccessError;
use engine::idempotency::IdempotencyKey;
use engine::port::ReadError;
use engine::widgets::{KeptWidget, Widget, WidgetCreation, WidgetId, WidgetStore};
use identity::AuditEvent;
use ledger::LedgerName;
use serde_json::{Value, json};

use crate::access::{everywhere, key, outcome};
use crate::calls::{Call, LATEST};
use crate::faults::store::Troubled;
use crate::faults::{Lab, access, is};
use crate::harness::Request;
use crate::site::{Site, on_both_databases};

const WIDGETS: &str = "/v1/ledgers/main/widgets";

/// A call of each operation that goes well.
pub(crate) fn calls() -> Vec<Call> {
    vec![
        (Request::post(WIDGETS).header("idempotency-key", "widget").json(body("first")), 201),
        (Request::get(format!("{WIDGETS}/{LATEST}")), 200),
    ]
}

/// A request to create one.
fn body(name: &str) -> Value {
    json!({ "name": name })
}

/// Creates a gadget, and returns it.
fn created(site: &Site) -> Value {
    let reply = site.post(WIDGETS, &body("first"));
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()
}

fn path(widget: &Value) -> String {
    format!("{WIDGETS}/{}", widget["id"].as_str().expect("an id"))
}

#[test]
fn a_widget_is_created_and_shown() {
    on_both_databases(|site| {
        let reply = site.post(WIDGETS, &body("first"));
        assert_eq!(reply.status, 201, "{reply:?}");
        let widget = reply.json();
        assert_eq!((&widget["ledger"], &widget["name"]), (&json!("main"), &json!("first")));
        assert_eq!(widget["created_by"], "key:2USBDPIBEdi3");
        assert_eq!(reply.header("location"), Some(&*path(&widget)));
        assert_eq!(site.json(&path(&widget)), widget);
        let record = &site.json("/v1/audit?action=widget.created")["items"][0];
        assert_eq!(record["subject"], format!("main {}", widget["id"].as_str().unwrap()));
    });
}

#[test]
fn a_widget_is_created_once_however_often_it_is_asked_for() {
    on_both_databases(|site| {
        let ask = |name: &str| {
            let request = Request::post(WIDGETS).header("idempotency-key", "k");
            site.call(&request.json(body(name)))
        };
        let (first, again) = (ask("first"), ask("first"));
        assert_eq!((first.status, again.status), (201, 201), "{first:?} {again:?}");
        assert_eq!(first.json(), again.json());
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(outcome(&ask("second")), (422, "idempotency.key_reused".to_owned()));
        let records = &site.json("/v1/audit?action=widget.created")["items"];
        assert_eq!(records.as_array().map(Vec::len), Some(1), "{records}");
    });
}

#[test]
fn what_is_wrong_is_named() {
    let site = Site::start();
    for (field, value) in [
        ("name", Value::Null),
        ("name", json!("")),
        ("name", json!(" a")),
        ("name", json!("é".repeat(101))),
        ("name", json!(1)),
        ("colour", json!("red")),
    ] {
        let mut body = body("first");
        body[field] = value;
        let reply = site.post(WIDGETS, &body);
        assert_eq!(outcome(&reply), (400, "request.invalid".to_owned()), "{body}");
        assert_eq!(reply.json()["errors"][0]["field"], field, "{body}");
    }
    let longest = site.post(WIDGETS, &body(&"é".repeat(100)));
    assert_eq!(longest.status, 201, "{longest:?}");
    for (id, expected) in [("x", (400, "request.invalid")), ("000000000000", (404, "widget.not_found"))] {
        let (status, code) = outcome(&site.get(&format!("{WIDGETS}/{id}")));
        assert_eq!((status, &*code), expected, "{id}");
    }
}

#[test]
fn a_widget_belongs_to_its_ledger_and_is_seen_with_a_right_to_it() {
    let site = Site::start();
    let widget = created(&site);
    assert_eq!(site.post("/v1/ledgers", &json!({ "name": "other" })).status, 201);
    let elsewhere = path(&widget).replace("main", "other");
    assert_eq!(outcome(&site.get(&elsewhere)), (404, "widget.not_found".to_owned()));
    let nowhere = path(&widget).replace("main", "nowhere");
    assert_eq!(outcome(&site.get(&nowhere)), (404, "ledger.not_found".to_owned()));
    let reader = key(&site, &everywhere(&["widgets:read"]));
    assert_eq!(site.call(&Request::get(path(&widget)).key(&reader)).status, 200);
    let create = Request::post(WIDGETS).json(body("second")).key(&reader);
    assert_eq!(outcome(&site.call(&create)), (403, "authorization.denied".to_owned()));
    let stranger = json!([{ "scopes": ["widgets:read"], "ledgers": ["other"] }]);
    let stranger = key(&site, &stranger);
    let unseen = site.call(&Request::get(path(&widget)).key(&stranger));
    assert_eq!(outcome(&unseen), (404, "ledger.not_found".to_owned()));
}

#[test]
fn a_store_that_fails_is_told_of_without_its_reasons() {
    let lab = Lab::start(|_| ());
    let create = Request::post(WIDGETS).json(body("first"));
    is(&lab.call(&create), 503, "service.outcome_unknown");
    is(&lab.call(&create.header("idempotency-key", "k")), 503, "service.unavailable");
    is(&lab.call(&Request::get(format!("{WIDGETS}/000000000000"))), 503, "service.unavailable");
}

#[async_trait]
impl WidgetStore for Troubled {
    async fn create_widget(
        &self,
        _ledger: &LedgerName,
        _new: &KeptWidget,
        _event: &AuditEvent,
    ) -> Result<WidgetCreation, WriteAccessError> {
        access::write()
    }

    async fn widget(&self, _ledger: &LedgerName, _id: &WidgetId) -> Result<Option<Widget>, ReadError> {
        access::read()
    }

    async fn widget_under(
        &self,
        _ledger: &LedgerName,
        _key: &IdempotencyKey,
    ) -> Result<Option<KeptWidget>, ReadError> {
        access::read()
    }
}
