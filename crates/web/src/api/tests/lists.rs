//! Every list has one shape, and says what is wrong with its query.

use super::*;

#[tokio::test]
async fn every_list_is_a_page_of_rows() {
    let fixture = Fixture::new().await;
    fixture.post("/members", json!({"name": "ada", "tier": "fan"})).await.created();
    let hash = "01".repeat(20);
    let item = json!({"name": "reel", "policy": "free", "info_hashes": [hash]});
    fixture.post("/items", item).await.created();
    for path in LISTS {
        let page = fixture.get(path).await.ok();
        assert!(page["next"].is_null() && rows(&page).len() < 4, "{path}: {page}");
        for (query, field) in [
            ("limit=0", Some("limit")),
            ("limit=1001", Some("limit")),
            ("after=17", Some("after")),
            ("after=", Some("after")),
            ("after=WyJlcyIsZmFsc2UsWzFdXQ", Some("after")),
        ] {
            let mark = if path.contains('?') { '&' } else { '?' };
            let refused = fixture.get(&format!("{path}{mark}{query}")).await;
            assert_eq!(refused.status, 422, "{path} {query}");
            assert_eq!(refused.body["field"].as_str(), field, "{path} {query}");
        }
        let mark = if path.contains('?') { '&' } else { '?' };
        fixture.get(&format!("{path}{mark}limit=x")).await.fails(400, "limit");
        fixture.get(&format!("{path}{mark}colour=red")).await.fails(400, "colour");
    }
}

#[tokio::test]
async fn a_filter_that_names_nothing_is_refused() {
    let fixture = Fixture::new().await;
    for (path, why) in [
        ("/members?state=lost", "`lost` is not a state: expected one of active"),
        ("/items?state=lost", "expected one of broken"),
        ("/items?visibility=dark", "`dark` is not a visibility"),
        ("/orders?state=lost", "expected one of cancelled"),
        ("/orders?member=eve", "no member `eve`"),
        ("/checkouts?item=reel", "no item `reel`"),
        ("/events?verdict=good", "`good` is not a verdict"),
        ("/alerts?kind=fire", "`fire` is not a kind"),
        ("/alerts?state=old", "expected one of open, closed, all"),
        ("/rewards?state=lost", "expected one of credited"),
        ("/audit?item=reel", "no item `reel`"),
        ("/vouchers?member=eve", "no member `eve`"),
    ] {
        fixture.get(path).await.fails(422, why);
    }
    fixture.get("/orders?from=soon").await.fails(400, "from");
    fixture.get("/members/eve/orders").await.fails(404, "no member `eve`");
}

const LISTS: [&str; 19] = [
    "/members",
    "/members?search=ad&tier=fan&state=active&newest=true",
    "/items",
    "/items?search=reel",
    "/orders",
    "/orders?from=2026-01-01&to=2026-12-31&state=paid",
    "/checkouts",
    "/events",
    "/vouchers",
    "/discounts",
    "/ledger/journal",
    "/audit?who=admin&what=member.add",
    "/alerts?state=all",
    "/rewards",
    "/mail",
    "/sign-in-attempts",
    "/members/ada/sign-ins",
    "/members/ada/statement",
    "/members/ada/rights",
];
