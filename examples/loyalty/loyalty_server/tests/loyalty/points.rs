//! Enrolling, awarding, redeeming, listing.

use crate::service::on_both;

const AWARDS: &str = "/v1/ledgers/shop/members/ada/awards";
const PURCHASE: &str = r#"{"receipt":"r-1","spent":"1250"}"#;

#[test]
fn points_are_awarded_once_for_a_request_and_once_for_a_receipt() {
    on_both(|place| {
        let service = place.serve(&[]);
        service.open_shop();
        let (status, first) = service.post(AWARDS, "k-1", PURCHASE);
        assert_eq!((status, first["postings"][0]["amount"].as_str()), (201, Some("12")), "{first}");
        let (status, again) = service.post(AWARDS, "k-1", PURCHASE);
        assert_eq!((status, &again), (201, &first));
        let (status, other) = service.post(AWARDS, "k-1", r#"{"receipt":"r-2","spent":"1250"}"#);
        assert_eq!((status, other["code"].as_str()), (422, Some("idempotency.key_reused")));
        let (status, used) = service.post(AWARDS, "k-2", PURCHASE);
        assert_eq!((status, used["code"].as_str()), (409, Some("receipt.used")));
        assert_eq!((service.balance(), service.receipts()), ("12".to_owned(), vec!["r-1".to_owned()]));
        assert_eq!(service.stop().code(), Some(0));
        assert!(place.run(&["verify"]).status.success());
    });
}

#[test]
fn what_is_refused_leaves_no_entry_and_no_row() {
    on_both(|place| {
        let service = place.serve(&[]);
        service.open_shop();
        let entries = || service.get("/v1/ledgers/shop").1["entries"].as_u64();
        assert_eq!(entries(), Some(1));
        let grace = "/v1/ledgers/shop/members/grace";
        for (path, body, status, code) in [
            (&*format!("{grace}/awards"), PURCHASE, 404, "member.not_found"),
            ("/v1/ledgers/shop/members/ada", r#"{"name":"Another"}"#, 409, "member.exists"),
            (AWARDS, r#"{"receipt":"r-1","spent":"99"}"#, 422, "purchase.too_small"),
            (AWARDS, r#"{"receipt":"","spent":"-1"}"#, 400, "request.invalid"),
            (
                "/v1/ledgers/shop/members/ada/redemptions",
                r#"{"points":"1","reward":"tea"}"#,
                422,
                "transaction.insufficient_funds",
            ),
            ("/v1/ledgers/none/members/ada", r#"{"name":"Ada"}"#, 404, "ledger.not_found"),
        ] {
            let (found, problem) = service.post(path, "k-1", body);
            assert_eq!((found, problem["code"].as_str()), (status, Some(code)), "{problem}");
        }
        assert_eq!(entries(), Some(1));
        assert_eq!(service.get(&format!("{grace}/receipts")).0, 404);
        // The key of what was refused is as good as new.
        assert_eq!(service.post(AWARDS, "k-1", PURCHASE).0, 201);
        assert_eq!(entries(), Some(2));
    });
}

#[test]
fn receipts_are_listed_newest_first_in_pages_and_points_are_redeemed() {
    on_both(|place| {
        let service = place.serve(&[("PX_LOYALTY__SPENT_PER_POINT", "10")]);
        service.open_shop();
        for number in 1..=5 {
            let body = format!(r#"{{"receipt":"r-{number}","spent":"100"}}"#);
            assert_eq!(service.post(AWARDS, "", &body).0, 201);
        }
        let list = "/v1/ledgers/shop/members/ada/receipts?limit=2";
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = service.get(&format!("{list}{cursor}")).1;
            found.extend(page["items"].as_array().unwrap().iter().map(|item| item["receipt"].clone()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(found, ["r-5", "r-4", "r-3", "r-2", "r-1"]);
        let redemptions = "/v1/ledgers/shop/members/ada/redemptions";
        assert_eq!(service.post(redemptions, "", r#"{"points":"20","reward":"coffee"}"#).0, 201);
        assert_eq!(service.balance(), "30");
    });
}

#[test]
fn while_points_are_paused_they_can_be_read_and_the_ledger_goes_on() {
    on_both(|place| {
        place.serve(&[]).open_shop();
        let service = place.serve(&[("PX_LOYALTY__PAUSED", "true")]);
        let (status, problem) = service.post(AWARDS, "", PURCHASE);
        assert_eq!((status, problem["code"].as_str()), (503, Some("points.paused")));
        assert_eq!(service.get("/v1/ledgers/shop/members/ada/receipts").0, 200);
        let transfer = r#"{"postings":[{"source":"world","destination":"a","asset":"POINT","amount":"1"}]}"#;
        assert_eq!(service.post("/v1/ledgers/shop/transactions", "", transfer).0, 201);
    });
}
