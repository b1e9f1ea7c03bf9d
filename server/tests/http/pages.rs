//! The description of the API and the pages that show it, out of the binary and without any other host.

use serde_json::Value;

use crate::harness::{Reply, Request};
use crate::site::Site;

/// Every reference in a page but links to other hosts, which readers follow if they like.
fn references(page: &str) -> Vec<&str> {
    let after = |attribute| page.split(attribute).skip(1).filter_map(|rest: &str| rest.split('"').next());
    let outside = |link: &&str| link.starts_with("https://");
    let loaded = after("<link rel=\"icon\" href=\"")
        .chain(after("<link rel=\"stylesheet\" href=\""))
        .chain(after("src=\""));
    let found: Vec<_> = loaded.chain(after("<a href=\"").filter(|link| !outside(link))).collect();
    assert_eq!(
        page.matches("<link ").count() + page.matches("src=").count(),
        found.iter().filter(|it| it.contains("assets/")).count()
    );
    found
}

fn is_kept_and_asked_for(site: &Site, path: &str) -> Reply {
    let fresh = site.get(path);
    assert_eq!(fresh.status, 200, "{path}");
    assert_eq!(fresh.header("cache-control"), Some("no-cache"), "{path}");
    assert_eq!(fresh.header("x-content-type-options"), Some("nosniff"), "{path}");
    let etag = fresh.header("etag").expect("a tag");
    for (tag, status) in [
        (etag.to_owned(), 304),
        (format!("W/{etag}"), 304),
        (format!("\"x\", {etag}"), 304),
        ("\"x\"".to_owned(), 200),
    ] {
        let again = site.call(&Request::get(path).header("if-none-match", &tag));
        assert_eq!(again.status, status, "{path} {tag}");
        assert_eq!(again.header("etag"), Some(etag));
        assert_eq!(again.bytes.is_empty(), status == 304);
    }
    fresh
}

#[test]
fn the_description_is_the_one_that_is_kept_with_the_sources() {
    let site = Site::start();
    let kept: Value = serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    let served = is_kept_and_asked_for(&site, "/openapi.json");
    assert_eq!(served.header("content-type"), Some("application/json"));
    assert_eq!(served.json(), kept);
    assert!(kept["openapi"].as_str().unwrap().starts_with("3.1."));
}

#[test]
fn every_file_that_the_pages_name_is_served() {
    let site = Site::start();
    for (path, base) in [("/docs", "/"), ("/docs/errors", "/docs/")] {
        let page = is_kept_and_asked_for(&site, path);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        let references = references(&page.body);
        assert!(references.len() >= 4, "{references:?}");
        for reference in references {
            assert!(!reference.contains("//"), "{path} leads to another host: {reference}");
            let (file, _) = reference.split_once('#').unwrap_or((reference, ""));
            if !file.is_empty() {
                let file = if file.starts_with('/') { file.to_owned() } else { resolved(base, file) };
                assert_eq!(site.get(&file).status, 200, "{path}: {reference}");
            }
        }
    }
}

/// Follows a relative reference from a folder.
fn resolved(folder: &str, reference: &str) -> String {
    match reference.strip_prefix("../") {
        Some(rest) => {
            resolved(&format!("{}/", folder.trim_end_matches('/').rsplit_once('/').unwrap().0), rest)
        }
        None => format!("{folder}{reference}"),
    }
}

#[test]
fn every_file_says_what_it_is() {
    let site = Site::start();
    for (file, media_type, encoding) in [
        ("docs.css", "text/css; charset=utf-8", None),
        ("docs.js", "text/javascript; charset=utf-8", None),
        ("icon.svg", "image/svg+xml", None),
        ("swagger-ui.css", "text/css; charset=utf-8", Some("gzip")),
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8", Some("gzip")),
    ] {
        let reply = is_kept_and_asked_for(&site, &format!("/docs/assets/{file}"));
        assert_eq!(
            (reply.header("content-type"), reply.header("content-encoding")),
            (Some(media_type), encoding)
        );
        if encoding.is_some() {
            assert_eq!(reply.bytes[..3], [0x1f, 0x8b, 8], "{file} is gzip");
        }
    }
}

#[test]
fn every_problem_leads_to_where_it_is_explained() {
    let site = Site::start();
    let page = site.get("/docs/errors").body;
    let description = site.json("/openapi.json");
    let codes = &description["components"]["schemas"]["Problem"]["properties"]["code"]["examples"];
    let codes = codes.as_array().unwrap();
    assert!(codes.len() > 20);
    for code in codes {
        assert!(page.contains(&format!("id={code}")), "{code} is not explained");
    }
}
