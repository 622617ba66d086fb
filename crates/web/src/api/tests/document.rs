//! The document describes every route of the router, and nothing else.

use std::collections::BTreeSet;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::Fixture;
use crate::api::document::operations;
use crate::api::reference_text::markdown;
use crate::api::{document, reference, router, scope_of};

#[test]
fn every_operation_has_a_scope_an_id_and_a_sentence() {
    let (mut ids, mut count) = (BTreeSet::new(), 0);
    for (path, item) in &document().paths.paths {
        for (method, operation) in operations(item) {
            let scope = scope_of(&method, path);
            let is_known = scope.is_some_and(|scope| SCOPES.contains(&scope));
            let is_open = scope.is_none() && OPEN.contains(&path.as_str());
            assert!(is_known || is_open, "{method} {path}: scope {scope:?}");
            assert_eq!(operation.security.as_ref().map(Vec::len), Some(1), "{method} {path}");
            let summary = operation.summary.as_deref().unwrap_or_default();
            assert!(summary.ends_with('.'), "{method} {path}: summary `{summary}`");
            assert_eq!(operation.tags.as_ref().map(Vec::len), Some(1), "{method} {path}");
            ids.extend(operation.operation_id.clone());
            count += 1;
        }
    }
    assert!(count > 80, "{count} operations");
    assert_eq!(ids.len(), count, "ids of operations are unique");
}

/// A list that is narrowed by a word says which words there are; a request may name what is not there.
#[test]
fn refusals_of_queries_and_bodies_are_described() {
    for (path, post, expected) in [
        ("/api/v1/mail", false, ["404", "422"]),
        ("/api/v1/vouchers", false, ["404", "422"]),
        ("/api/v1/vouchers.csv", false, ["404", "422"]),
        ("/api/v1/vouchers", true, ["404", "415"]),
    ] {
        let item = &document().paths.paths[path];
        let operation = if post { &item.post } else { &item.get };
        let responses = &operation.as_ref().unwrap().responses.responses;
        for status in expected {
            assert!(responses.contains_key(status), "{path}: {status}");
        }
    }
}

#[test]
fn a_head_needs_the_scope_of_its_get() {
    assert_eq!(scope_of(&Method::GET, "/api/v1/stats"), Some("read:stats"));
    assert_eq!(scope_of(&Method::HEAD, "/api/v1/stats"), Some("read:stats"));
    assert_eq!(scope_of(&Method::POST, "/api/v1/stats"), None);
    assert_eq!(scope_of(&Method::GET, "/api/v1/nothing"), None);
    assert_eq!(scope_of(&Method::PATCH, "/api/v1/items/{item}/details"), Some("write:items"));
}

#[tokio::test]
async fn every_operation_is_in_the_router() {
    let fixture = Fixture::new().await;
    let router = router(fixture.admin.clone());
    for (path, item) in &document().paths.paths {
        for (method, _) in operations(item) {
            let filled = path.replace(['{', '}'], "");
            let request = Request::builder().method(method.clone()).uri(filled);
            let request = request.header("content-type", "application/json");
            let answer = router.clone().oneshot(request.body(Body::from("{}")).unwrap());
            let answer = answer.await.unwrap();
            assert_ne!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            // An answer that goes on for ever, such as the stream, is no refusal.
            if answer.status().is_success() {
                continue;
            }
            let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
            let body = String::from_utf8_lossy(&body).into_owned();
            assert!(!body.contains("no such path"), "{method} {path}: {body}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_answer_is_typed() {
    let document = serde_json::to_value(document()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    check(&document, &document);
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let all = operation["responses"].as_object().unwrap();
            for (status, response) in all {
                let content = response["content"].as_object();
                let content =
                    content.unwrap_or_else(|| panic!("{method} {path}: {status} is empty"));
                for media in content.values() {
                    assert_ne!(media["schema"], json!({}), "{method} {path}: {status} is untyped");
                    assert_ne!(
                        media["schema"],
                        Value::Null,
                        "{method} {path}: {status} is untyped"
                    );
                }
            }
        }
    }
}

fn check(part: &Value, document: &Value) {
    match part {
        Value::Array(parts) => parts.iter().for_each(|part| check(part, document)),
        Value::Object(parts) => {
            if let Some(Value::String(reference)) = parts.get("$ref") {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            parts.values().for_each(|part| check(part, document));
        }
        _ => {}
    }
}

/// Reads the document as anybody may.
#[tokio::test]
async fn the_document_and_its_page_are_served_to_anybody() {
    for (path, kind, holds) in [
        ("/openapi.json", "application/json", "\"openapi\":\"3.1.0\""),
        ("/docs", "text/html; charset=utf-8", "<h3><code>GET /api/v1/stats</code></h3>"),
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = reference().oneshot(request).await.unwrap();
        assert_eq!(
            (answer.status(), &answer.headers()["content-type"]),
            (StatusCode::OK, &kind.parse().unwrap())
        );
        let body = to_bytes(answer.into_body(), 4 << 20).await.unwrap();
        let body = String::from_utf8_lossy(&body);
        assert!(body.contains(holds) && !body.contains("u-int"), "{path}");
    }
}

/// `USHER_UPDATE_DOCS=1` writes the page anew.
#[test]
fn the_reference_in_docs_is_the_one_of_the_document() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api-reference.md");
    let made = markdown(document());
    if std::env::var_os("USHER_UPDATE_DOCS").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    let first = made.lines().zip(kept.lines()).find(|(made, kept)| made != kept);
    assert!(
        made == kept,
        "docs/api-reference.md is out of date: run \
         `USHER_UPDATE_DOCS=1 cargo test -p web reference_in_docs`. First difference: {first:?}"
    );
}

/// What anybody may read.
const OPEN: [&str; 2] = ["/docs", "/openapi.json"];
const SCOPES: [&str; 6] =
    ["read:stats", "read:members", "write:members", "write:items", "money", "all"];
