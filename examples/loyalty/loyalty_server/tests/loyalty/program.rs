//! What the program says of itself, and what it does to its database.

use serde_json::Value;

use crate::service::on_both;

#[test]
fn tables_of_both_are_migrated_together_and_looked_at_together() {
    on_both(|place| {
        let run = |arguments: &[&str]| {
            let ended = place.run(arguments);
            (ended.status.code(), String::from_utf8_lossy(&ended.stdout).into_owned())
        };
        if place.is_postgres() {
            let (code, said) = run(&["migrate", "--check"]);
            assert!(code == Some(1) && said.contains("missing 1 points: members and receipts"), "{said}");
        }
        let (code, said) = run(&["migrate"]);
        assert!(code == Some(0) && said.contains("applied 1 points: members and receipts"), "{said}");
        assert_eq!(run(&["migrate"]), (Some(0), "the schema is up to date\n".to_owned()));
        assert_eq!(run(&["migrate", "--check"]), (Some(0), "the schema is up to date\n".to_owned()));
    });
}

#[test]
fn its_own_operations_keys_and_mistakes_are_told_like_florins() {
    on_both(|place| {
        let document: Value = serde_json::from_slice(&place.run(&["openapi"]).stdout).unwrap();
        assert_eq!(document["info"]["title"], "Loyalty");
        assert_eq!(document["tags"][0]["name"], "Points");
        let award = &document["paths"]["/v1/ledgers/{ledger}/members/{member}/awards"]["post"];
        assert_eq!(award["operationId"], "award_points");
        assert!(document["paths"]["/v1/ledgers/{ledger}/transactions"]["post"].is_object());

        let config = String::from_utf8(place.run(&["config"]).stdout).unwrap();
        assert!(config.contains("loyalty:") && config.contains("spent_per_point: 100"), "{config}");
        let said = |name: &str, value: &str| {
            let ended = place.command(&["config"]).env(name, value).output().unwrap();
            assert_eq!(ended.status.code(), Some(1));
            String::from_utf8(ended.stderr).unwrap()
        };
        let wrong = said("PX_LOYALTY__SPENT_PER_POINT", "0");
        assert!(wrong.contains("loyalty.spent_per_point") && wrong.contains("is not within"), "{wrong}");
        let slip = said("PX_LOYALTY__SPENT_PER_PONT", "1");
        assert!(slip.contains("is loyalty.spent_per_point meant?"), "{slip}");
        let help = String::from_utf8(place.run(&["--help"]).stdout).unwrap();
        assert!(
            help.contains("loyalty_server admin create-key") && help.contains("Points for purchases"),
            "{help}"
        );
    });
}

#[test]
fn the_page_of_errors_explains_its_own() {
    on_both(|place| {
        let service = place.serve(&[]);
        let described = service.get("/openapi.json").1;
        let codes = described["components"]["examples"].as_object().unwrap();
        for code in ["member.not_found", "receipt.used", "points.paused", "transaction.insufficient_funds"] {
            assert!(codes.contains_key(code), "{code}");
        }
    });
}
