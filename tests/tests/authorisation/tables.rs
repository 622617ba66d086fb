//! What each asker is answered on each route, and what comes of sending each form.
//!
//! Words in braces, such as `{ada.ws}`, stand for secrets and numbers of the shop.

use crate::shop::Who;

/// What a GET, or a request of no browser, is answered to a visitor, to ada and to bob.
pub(crate) type Case = (&'static str, [u16; 3]);

/// Every route that is no form, with paths.
pub(crate) const PAGES: &[(&str, &[Case])] = &[
    ("GET /", &[("/", EVERYBODY), ("/?q=film", EVERYBODY)]),
    ("GET /about", &[("/about", EVERYBODY)]),
    ("GET /assets/{digest}/{name}", &[("{asset}", EVERYBODY), ("/assets/0/none.css", NOBODY)]),
    ("GET /club", &[("/club", EVERYBODY)]),
    (
        "GET /club/{tier}/buy",
        &[
            ("/club/patron/buy", EVERYBODY),
            // What nobody pays for is not sold.
            ("/club/outsider/buy", NOBODY),
            ("/club/fan/buy", NOBODY),
            ("/club/none/buy", NOBODY),
        ],
    ),
    (
        "GET /covers/{item}/{file}",
        &[
            ("/covers/film/x.svg", EVERYBODY),
            ("/covers/draft/x.svg", NOBODY),
            ("/covers/2/x.svg", NOBODY),
        ],
    ),
    ("GET /feeds", &[("/feeds", EVERYBODY)]),
    (
        "GET /feed/{token}/{file}",
        &[
            ("/feed/{ada.feed}/club.xml", EVERYBODY),
            ("/feed/{ada.feed}/podcast.xml", EVERYBODY),
            ("/feed/{ada.feed}/other.xml", NOBODY),
            ("/feed/{ada.old-feed}/club.xml", NOBODY),
            ("/feed/{made-up.feed}/club.xml", NOBODY),
            // A key of another kind is no key here.
            ("/feed/{ada.download}/club.xml", NOBODY),
            ("/feed/{ada.passkey}/club.xml", NOBODY),
            ("/feed/{ada.ws}/club.xml", NOBODY),
            ("/feed/x/club.xml", NOBODY),
        ],
    ),
    ("GET /feed/public.xml", &[("/feed/public.xml", EVERYBODY)]),
    (
        "GET /items/{name}",
        &[
            ("/items/film", EVERYBODY),
            ("/items/draft", NOBODY),
            ("/items/1", NOBODY),
            ("/items/none", NOBODY),
        ],
    ),
    (
        "GET /items/{name}/buy",
        &[
            ("/items/film/buy", EVERYBODY),
            ("/items/film/buy?gift=yes", EVERYBODY),
            ("/items/draft/buy?gift=yes", NOBODY),
            ("/items/draft/buy", NOBODY),
            ("/items/1/buy", NOBODY),
            ("/items/none/buy", NOBODY),
        ],
    ),
    ("GET /library", &[("/library", MEMBERS)]),
    ("GET /library.csv", &[("/library.csv", MEMBERS)]),
    ("GET /library.json", &[("/library.json", MEMBERS)]),
    // With a token alone, which no browser sends.
    ("GET /api/v1/me", &[("/api/v1/me", [401; 3])]),
    ("GET /me", &[("/me", MEMBERS)]),
    ("GET /me/delete", &[("/me/delete", MEMBERS)]),
    ("GET /me/data.json", &[("/me/data.json", MEMBERS)]),
    ("GET /me/traffic", &[("/me/traffic", MEMBERS)]),
    ("GET /me/money", &[("/me/money", [303; 3])]),
    (
        "GET /orders/{token}",
        &[
            ("/orders/{ada.order}", EVERYBODY),
            ("/orders/{bob.order}", EVERYBODY),
            ("/orders/{made-up.order}", NOBODY),
            ("/orders/1", NOBODY),
            ("/orders/{ada.download}", NOBODY),
        ],
    ),
    (
        "GET /orders/{token}/gift",
        &[
            ("/orders/{gift.order}/gift", EVERYBODY),
            // Neither is a gift.
            ("/orders/{ada.order}/gift", NOBODY),
            ("/orders/{bob.order}/gift", NOBODY),
            ("/orders/{made-up.order}/gift", NOBODY),
            ("/orders/1/gift", NOBODY),
        ],
    ),
    (
        "GET /orders/{token}/{file}",
        &[
            ("/orders/{ada.order}/film.torrent", EVERYBODY),
            ("/orders/{ada.order}/album.torrent", NOBODY),
            ("/orders/{ada.order}/film", NOBODY),
            ("/orders/{bob.order}/film.torrent", NOBODY),
            // A gift is not its buyer's.
            ("/orders/{gift.order}/film.torrent", NOBODY),
            ("/orders/{made-up.order}/film.torrent", NOBODY),
            ("/orders/1/film.torrent", NOBODY),
        ],
    ),
    ("GET /privacy", &[("/privacy", NOBODY)]),
    ("GET /redeem", &[("/redeem", EVERYBODY)]),
    ("GET /robots.txt", &[("/robots.txt", EVERYBODY)]),
    ("GET /sign-in", &[("/sign-in", EVERYBODY)]),
    ("GET /sign-in/code", &[("/sign-in/code", EVERYBODY)]),
    (
        "GET /sign-in/{token}",
        &[
            ("/sign-in/{open.link}", EVERYBODY),
            ("/sign-in/{used.link}", GONE),
            ("/sign-in/{made-up.link}", GONE),
            ("/sign-in/{ada.cookie}", GONE),
            ("/sign-in/x", GONE),
        ],
    ),
    ("GET /sitemap.xml", &[("/sitemap.xml", EVERYBODY)]),
    (
        "GET /t/{token}/{file}",
        &[
            ("/t/{ada.download}/film.torrent", EVERYBODY),
            ("/t/{bob.download}/film.torrent", REFUSED),
            ("/t/{ada.download}/album.torrent", REFUSED),
            ("/t/{ada.download}/draft.torrent", NOBODY),
            ("/t/{ada.old-download}/film.torrent", NOBODY),
            ("/t/{made-up.download}/film.torrent", NOBODY),
            ("/t/{ada.feed}/film.torrent", NOBODY),
            ("/t/{ada.passkey}/film.torrent", NOBODY),
            ("/t/free/reel.torrent", EVERYBODY),
            ("/t/free/film.torrent", NOBODY),
            ("/t/free/draft.torrent", NOBODY),
        ],
    ),
    ("GET /terms", &[("/terms", NOBODY)]),
    ("GET /top-up", &[("/top-up", EVERYBODY), ("/top-up?currency=none", EVERYBODY)]),
    // Without the header that nginx adds, nothing is asked about.
    ("GET /verify", &[("/verify", [401; 3])]),
    (
        "GET /ws/{*path}",
        &[
            ("/ws/{ada.ws}/film.bin", EVERYBODY),
            ("/ws/{ada.ws}/album.bin", NOBODY),
            ("/ws/{bob.ws}/film.bin", NOBODY),
            ("/ws/{ada.old-ws}/film.bin", REFUSED),
            ("/ws/{made-up.ws}/film.bin", NOBODY),
            ("/ws/{ada.d}/film.bin", NOBODY),
            ("/ws/{ada.download}/film.bin", NOBODY),
            ("/ws/free/1/film.bin", NOBODY),
            ("/ws/free/3/reel.bin", EVERYBODY),
            // It is free, and not shown to anybody yet.
            ("/ws/free/4/draft.bin", NOBODY),
        ],
    ),
    (
        "GET /d/{*path}",
        &[
            ("/d/{ada.d}/film.bin", EVERYBODY),
            ("/d/{ada.d}/album.bin", NOBODY),
            ("/d/{ada.old-d}/film.bin", REFUSED),
            ("/d/{made-up.d}/film.bin", NOBODY),
            ("/d/{ada.ws}/film.bin", NOBODY),
            ("/d/free/3/reel.bin", NOBODY),
        ],
    ),
    ("ANY /ws/{*path}", &[("/ws/{ada.ws}/film.bin", NOT_SO)]),
    ("ANY /d/{*path}", &[("/d/{ada.d}/film.bin", NOT_SO)]),
    // No provider is set up, so there is no webhook.
    ("POST /webhooks/{provider}", &[("/webhooks/stripe", NOBODY), ("/webhooks/none", NOBODY)]),
];

/// Every form: its route, the page that it is on, and what comes of sending it.
pub(crate) const FORMS: &[Form] = &[
    Form {
        route: "POST /items/{name}/buy",
        page: "/items/film/buy",
        path: "/items/film/buy",
        fields: BALANCE,
        cases: &[
            (Who::Visitor, "/items/film/buy", BALANCE, 422),
            (Who::Visitor, "/items/draft/buy", BALANCE, 404),
            (Who::Visitor, "/items/1/buy", BALANCE, 404),
            (Who::Ada, "/items/film/buy", BALANCE, 422),
            (Who::Bob, "/items/draft/buy", BALANCE, 404),
            (Who::Bob, "/items/film/buy", BALANCE, 303),
        ],
    },
    Form {
        route: "POST /club/{tier}/buy",
        page: "/club/patron/buy",
        path: "/club/patron/buy",
        fields: MEMBERSHIP,
        cases: &[
            (Who::Visitor, "/club/patron/buy", MEMBERSHIP, 422),
            (Who::Visitor, "/club/fan/buy", MEMBERSHIP, 404),
            (Who::Ada, "/club/none/buy", MEMBERSHIP, 404),
            (Who::Ada, "/club/outsider/buy", MEMBERSHIP, 404),
            (Who::Ada, "/club/patron/buy", &[("way", "balance")], 422),
            (Who::Bob, "/club/patron/buy", MEMBERSHIP, 303),
        ],
    },
    Form {
        route: "POST /top-up",
        // Where nobody can be paid, its own page has no form.
        page: "/redeem",
        path: "/top-up",
        fields: TOPUP,
        cases: &[
            // Nobody can be paid here, and a balance is not made of itself.
            (Who::Visitor, "/top-up", TOPUP, 422),
            (Who::Ada, "/top-up", TOPUP, 422),
            (
                Who::Ada,
                "/top-up",
                &[KEY, ("currency", "usd"), ("own", "-5"), ("way", "stripe")],
                422,
            ),
        ],
    },
    Form {
        route: "POST /orders/{token}/pay",
        page: "/redeem",
        path: "/orders/{ada.order}/pay",
        fields: &[("way", "stripe"), KEY],
        cases: &[
            (Who::Visitor, "/orders/{made-up.order}/pay", &[("way", "stripe")], 404),
            (Who::Visitor, "/orders/1/pay", &[("way", "stripe")], 404),
            (Who::Visitor, "/orders/{ada.order}/pay", &[("way", "stripe")], 400),
            (Who::Bob, "/orders/{ada.order}/pay", &[("way", "balance")], 400),
        ],
    },
    Form {
        route: "POST /redeem",
        page: "/redeem",
        path: "/redeem",
        fields: &[("code", "{open.voucher}"), ("email", "eve@example.org"), ("consent", "yes")],
        cases: &[
            (Who::Visitor, "/redeem", &[("code", "{used.voucher}"), EVE, AGREED], 422),
            (Who::Visitor, "/redeem", &[("code", "{ada.download}"), EVE, AGREED], 422),
            (Who::Visitor, "/redeem", &[("code", "{open.voucher}"), EVE], 422),
            (Who::Ada, "/redeem", &[("code", "{used.voucher}"), AGREED], 422),
            (Who::Bob, "/redeem", &[("code", "{open.voucher}"), AGREED], 200),
            (Who::Bob, "/redeem", &[("code", "{open.voucher}"), AGREED], 422),
        ],
    },
    Form {
        route: "POST /library/feeds",
        page: "/redeem",
        path: "/library/feeds",
        fields: &[],
        cases: &[(Who::Visitor, "/library/feeds", &[], 403)],
    },
    Form {
        route: "POST /library/mail",
        page: "/redeem",
        path: "/library/mail",
        fields: &[],
        cases: &[
            (Who::Visitor, "/library/mail", &[], 403),
            (Who::Ada, "/library/mail", &[("member", "bob"), ("email", "eve@example.org")], 200),
        ],
    },
    Form {
        route: "POST /me/delete",
        page: "/redeem",
        path: "/me/delete",
        fields: &[("word", "delete")],
        cases: &[
            (Who::Visitor, "/me/delete", &[("word", "delete")], 403),
            (Who::Ada, "/me/delete", &[], 422),
            (Who::Ada, "/me/delete", &[("word", "yes")], 422),
        ],
    },
    Form {
        route: "POST /me/subscriptions/{checkout}/cancel",
        page: "/redeem",
        path: "/me/subscriptions/1/cancel",
        fields: &[],
        cases: &[
            (Who::Visitor, "/me/subscriptions/1/cancel", &[], 403),
            (Who::Ada, "/me/subscriptions/1/cancel", &[], 404),
            (Who::Ada, "/me/subscriptions/999/cancel", &[], 404),
            (Who::Bob, "/me/subscriptions/x/cancel", &[], 400),
        ],
    },
    Form {
        route: "POST /me/email",
        page: "/redeem",
        path: "/me/email",
        fields: &[("email", "eve@example.org")],
        cases: &[
            (Who::Visitor, "/me/email", &[EVE], 403),
            (Who::Ada, "/me/email", &[("email", "no address")], 400),
            (Who::Ada, "/me/email", &[("email", "{bob.email}")], 200),
        ],
    },
    Form {
        route: "POST /me/passkey",
        page: "/redeem",
        path: "/me/passkey",
        fields: &[],
        cases: &[
            (Who::Visitor, "/me/passkey", &[], 403),
            (Who::Ada, "/me/passkey", &[], 200),
            (Who::Bob, "/me/passkey", &[("member", "ada"), ("id", "1")], 200),
        ],
    },
    Form {
        route: "POST /me/passkey/rotate",
        page: "/redeem",
        path: "/me/passkey/rotate",
        fields: &[],
        cases: &[
            (Who::Visitor, "/me/passkey/rotate", &[], 403),
            (Who::Ada, "/me/passkey/rotate", &[("item", "2")], 404),
            (Who::Ada, "/me/passkey/rotate", &[("item", "999")], 404),
            (Who::Ada, "/me/passkey/rotate", &[("item", "film")], 404),
            (Who::Ada, "/me/passkey/rotate", &[("item", "-1")], 404),
        ],
    },
    Form {
        route: "POST /me/sign-ins/{id}/end",
        page: "/redeem",
        path: "/me/sign-ins/{bob.sign-in}/end",
        fields: &[],
        cases: &[
            (Who::Visitor, "/me/sign-ins/{bob.sign-in}/end", &[], 403),
            (Who::Ada, "/me/sign-ins/{bob.sign-in}/end", &[], 404),
            (Who::Ada, "/me/sign-ins/999999/end", &[], 404),
            (Who::Ada, "/me/sign-ins/x/end", &[], 400),
        ],
    },
    Form {
        route: "POST /me/tokens",
        page: "/redeem",
        path: "/me/tokens",
        fields: &[],
        cases: &[(Who::Visitor, "/me/tokens", &[], 403)],
    },
    Form {
        route: "POST /me/tokens/{id}/revoke",
        page: "/redeem",
        path: "/me/tokens/999999/revoke",
        fields: &[],
        cases: &[
            (Who::Visitor, "/me/tokens/999999/revoke", &[], 403),
            (Who::Ada, "/me/tokens/999999/revoke", &[], 404),
            (Who::Ada, "/me/tokens/x/revoke", &[], 400),
        ],
    },
    Form {
        route: "POST /me/sign-ins/end",
        page: "/redeem",
        path: "/me/sign-ins/end",
        fields: &[],
        cases: &[(Who::Visitor, "/me/sign-ins/end", &[], 403)],
    },
    Form {
        route: "POST /sign-in",
        page: "/sign-in",
        path: "/sign-in",
        fields: &[("email", "{ada.email}")],
        cases: &[
            (Who::Visitor, "/sign-in", &[("email", "nothing")], 422),
            (Who::Visitor, "/sign-in", &[EVE], 200),
        ],
    },
    Form {
        route: "POST /sign-in/code",
        page: "/sign-in/code",
        path: "/sign-in/code",
        fields: &[("code", "0000-0000-0000-0000")],
        cases: &[
            (Who::Visitor, "/sign-in/code", &[("code", "{used.code}")], 422),
            (Who::Visitor, "/sign-in/code", &[("code", "{used.link}")], 422),
            (Who::Ada, "/sign-in/code", &[("code", "")], 422),
        ],
    },
    Form {
        route: "POST /sign-in/{token}",
        page: "/sign-in",
        path: "/sign-in/{open.link}",
        fields: &[],
        cases: &[
            (Who::Visitor, "/sign-in/{used.link}", &[], 410),
            (Who::Visitor, "/sign-in/{made-up.link}", &[], 410),
            (Who::Visitor, "/sign-in/{ada.cookie}", &[], 410),
            (Who::Visitor, "/sign-in/x", &[], 410),
        ],
    },
    Form {
        route: "POST /sign-out",
        page: "/redeem",
        path: "/sign-out",
        fields: &[],
        cases: &[(Who::Visitor, "/sign-out", &[], 303)],
    },
];

/// A form, as it is on a page.
pub(crate) struct Form {
    pub(crate) route: &'static str,
    pub(crate) page: &'static str,
    pub(crate) path: &'static str,
    pub(crate) fields: Fields,
    /// Who sends which fields where, with a good token, and the status of the answer.
    pub(crate) cases: &'static [(Who, &'static str, Fields, u16)],
}

pub(crate) type Fields = &'static [(&'static str, &'static str)];

pub(crate) const EVERYBODY: [u16; 3] = [200; 3];
pub(crate) const NOBODY: [u16; 3] = [404; 3];
pub(crate) const REFUSED: [u16; 3] = [403; 3];
pub(crate) const GONE: [u16; 3] = [410; 3];
pub(crate) const NOT_SO: [u16; 3] = [405; 3];
/// A visitor is sent to sign in.
pub(crate) const MEMBERS: [u16; 3] = [303, 200, 200];
pub(crate) const AGREED: (&str, &str) = ("consent", "yes");
pub(crate) const EVE: (&str, &str) = ("email", "eve@example.org");
pub(crate) const MEMBERSHIP: Fields = &[("method", "days"), ("way", "balance"), AGREED];
pub(crate) const TOPUP: Fields =
    &[KEY, ("currency", "usd"), ("own", "10.00"), ("way", "balance"), EVE];
pub(crate) const KEY: (&str, &str) = ("key", "00000000000000000000000000000000");
pub(crate) const BALANCE: Fields = &[("method", "torrent"), ("way", "balance"), AGREED];
