//! Every route with every kind of session, as the table of routes says what each takes.

use super::lab::{Lab, on_both, own, with_session};
use crate::access::table::{SCOPES, TABLE, Takes, is_let_through, request};
use crate::contract::operations;
use crate::harness::Request;

/// What a request comes to.
fn outcome(lab: &Lab, request: &Request) -> (u16, String) {
    let reply = lab.call(request);
    (reply.status, if reply.status < 400 { String::new() } else { reply.code() })
}

/// Signs in a user who has these scopes.
fn session(lab: &Lab, number: usize, grants: &str) -> String {
    let email = format!("u{number}@example.com");
    lab.user(&email, grants);
    lab.signed_in(&email)
}

#[test]
fn every_route_answers_every_kind_of_session_as_the_table_says() {
    on_both(1, |lab| {
        lab.run(async {
            let name = ledger::LedgerName::parse("main").unwrap();
            lab.engine().create_ledger(name, ledger::Metadata::default(), None).await.unwrap();
        });
        let of = |scope: &str| format!("{scope}@*");
        let each: Vec<(&str, String)> = SCOPES
            .iter()
            .enumerate()
            .map(|(number, (scope, _))| (*scope, session(lab, number, &of(scope))))
            .collect();
        let elsewhere = session(lab, 100, "ledger:read@other");
        let disused = session(lab, 101, "ledger:read@*");
        assert_eq!(outcome(lab, &with_session(Request::delete("/v1/sessions"), &disused)).0, 200);
        let unknown = format!("{}_{}", "0".repeat(12), "0".repeat(43));
        for (method, operation) in operations() {
            let (id, takes) = TABLE.iter().find(|(id, _)| *id == operation.id()).expect("it is listed");
            // These would end what the others come with; they have tests of their own.
            if ["end_session", "revoke_user_sessions"].contains(id) {
                continue;
            }
            let send =
                |cookie: &str| outcome(lab, &with_session(request(method, operation.template), cookie));
            let refused = |status: u16, code: &str| (status, code.to_owned());
            for (what, cookie) in
                [("no session", "x"), ("an unknown one", &unknown), ("an ended one", &disused)]
            {
                match takes {
                    Takes::Nothing => assert!(is_let_through(&send(cookie)), "{id} with {what}"),
                    _ => assert_eq!(send(cookie), refused(401, "authentication.invalid"), "{id} with {what}"),
                }
            }
            if *takes != Takes::Nothing && method != "get" {
                let forged = request(method, operation.template).without_key();
                let forged = forged.header("cookie", format!("__Host-florin_session={elsewhere}"));
                let forged = forged.header("sec-fetch-site", "cross-site");
                assert_eq!(outcome(lab, &forged), refused(403, "csrf.refused"), "{id}");
            }
            let answer = send(&elsewhere);
            match takes {
                Takes::Nothing | Takes::AnyKey | Takes::Session | Takes::Somewhere(_) => {
                    assert!(is_let_through(&answer), "{id}: {answer:?}");
                }
                Takes::OnLedger(_) => assert_eq!(answer, refused(404, "ledger.not_found"), "{id}"),
                Takes::Overall(_) => assert_eq!(answer, refused(403, "authorization.denied"), "{id}"),
            }
            let scopes = match takes {
                Takes::Nothing | Takes::AnyKey | Takes::Session => continue,
                Takes::OnLedger(scopes) => scopes,
                Takes::Somewhere(scope) | Takes::Overall(scope) => std::slice::from_ref(scope),
            };
            for (scope, cookie) in &each {
                let answer = send(cookie);
                assert_eq!(is_let_through(&answer), scopes.contains(scope), "{id} with {scope}: {answer:?}");
            }
        }
        let anonymous = outcome(lab, &own(Request::get("/v1/principal")));
        assert_eq!(anonymous, (401, "authentication.required".to_owned()));
    });
}
