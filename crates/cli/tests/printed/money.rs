//! The commands under the heading Money, except those about providers.

use api::discount::DiscountView;
use api::ledger::{BalanceView, JournalEntry, StatementLine, TrialBalance};
use api::mail::MailQueued;
use api::order::{OrderRefunded, OrderView};
use api::reward::RewardView;
use api::voucher::{VoucherCodeView, VoucherView, WorthView};

use super::samples::{
    ada, at, btc, fee_entry, gift_order, named, order, partly_refunded_order, pending_order,
    posting, purchase_entry, reel, refund_entry, refunded_order, usd,
};
use super::typed::typed;

#[test]
fn buy() {
    typed("buy ada reel --as direct --discount fair-10 --key k1")
        .answer("POST /members/ada/orders", &order())
        .check();
    typed("buy ada --tier patron --key k2")
        .answer("POST /members/ada/orders", &partly_refunded_order())
        .check_with("tier");
}

#[test]
fn orders() {
    let mut orders = vec![order(), pending_order(), partly_refunded_order(), refunded_order()];
    orders.push(gift_order());
    typed("order list").list("GET /orders", "orders", &orders).check();
    let none = Vec::<OrderView>::new();
    typed("order list ada").list("GET /orders", "orders", &none).check_with("none");
    for (order, what) in [
        (pending_order(), "pending"),
        (partly_refunded_order(), "partly-refunded"),
        (refunded_order(), "refunded"),
        (gift_order(), "gift"),
    ] {
        typed(&format!("order show {}", order.id))
            .answer(&format!("GET /orders/{}", order.id), &order)
            .check_with(what);
    }
    typed("order show 12").answer("GET /orders/12", &order()).check();
    let queued = MailQueued { to: "ada@example.org".to_owned() };
    typed("order mail 12").answer("POST /orders/12/mail", &queued).check();
}

#[test]
fn refunds() {
    let refunded = OrderRefunded { entry: refund_entry(), link: None };
    for line in ["refund 12 --key k", "order refund 12 --amount 2.70 --key k"] {
        typed(line).answer("POST /orders/12/refunds", &refunded).check();
    }
    let link = Some("https://pay.example.org/pull-payments/2".to_owned());
    typed("refund 12 --key k")
        .answer("POST /orders/12/refunds", &OrderRefunded { link, ..refunded })
        .check_with("claimed");
}

#[test]
fn balance() {
    let balance = |currency: &str, prepaid, credit, owed| BalanceView {
        currency: currency.to_owned(),
        prepaid,
        credit,
        owed,
    };
    let balances = vec![
        balance("usd", usd(775), usd(50), usd(0)),
        balance("btc", btc("0.00000000", 0), btc("0.00000000", 0), btc("0.00012000", 12_000)),
    ];
    typed("balance ada").answer("GET /members/ada/balance", &balances).check();
    let none = Vec::<BalanceView>::new();
    typed("balance ada").answer("GET /members/ada/balance", &none).check_with("none");
    typed("topup ada --amount 10.00 --currency usd --memo cash --key k")
        .answer("POST /members/ada/topups", &topup_entry())
        .check();
}

#[test]
fn ledger() {
    let line = |number, kind: &str, memo: &str, amount, balance| StatementLine {
        number,
        entry: 40 + number,
        at: at("20T10:00:01"),
        kind: kind.to_owned(),
        memo: memo.to_owned(),
        account: "member:7:prepaid".to_owned(),
        amount: usd(amount),
        balance: usd(balance),
    };
    let lines = vec![
        line(1, "topup", "cash", 1000, 1000),
        line(2, "purchase", "reel as direct", -220, 780),
    ];
    typed("ledger statement ada").list("GET /members/ada/statement", "lines", &lines).check();
    let entries = vec![topup_entry(), purchase_entry(), refund_entry()];
    typed("ledger journal").list("GET /ledger/journal", "entries", &entries).check();
    let trial = |currency: &str, sum| TrialBalance {
        currency: currency.to_owned(),
        debits: 125_000 + sum,
        credits: -125_000,
        sum,
    };
    let trials = vec![trial("btc", 0), trial("usd", 7)];
    typed("ledger trial").answer("GET /ledger/trial", &trials).check();
    let none = Vec::<TrialBalance>::new();
    typed("ledger trial").answer("GET /ledger/trial", &none).check_with("none");
}

#[test]
fn discounts() {
    let percent = DiscountView {
        code: "FAIR-10".to_owned(),
        percent: Some(10),
        amount: None,
        item: None,
        until: Some("2027-01-31T23:59:59Z".parse().unwrap()),
        uses: Some(20),
        used: 3,
    };
    let amount = DiscountView {
        code: "FRIENDS".to_owned(),
        percent: None,
        amount: Some(usd(100)),
        item: Some(reel()),
        until: None,
        uses: None,
        used: 0,
    };
    typed("discount add FAIR-10 --percent 10 --until 2027-01-31 --uses 20")
        .answer("POST /discounts", &percent)
        .check();
    typed("discount list").list("GET /discounts", "discounts", &[percent, amount.clone()]).check();
    typed("discount remove friends").answer("DELETE /discounts/friends", &amount).check();
}

#[test]
fn rewards() {
    let pending = RewardView {
        id: 7,
        member: ada(),
        item: reel(),
        window: at("15T00:00:00"),
        money: usd(15),
        state: "pending".to_owned(),
        due: at("29T00:00:00"),
        entry: None,
    };
    let credited = RewardView {
        id: 6,
        window: at("08T00:00:00"),
        state: "credited".to_owned(),
        due: at("22T00:00:00"),
        entry: Some(43),
        ..pending.clone()
    };
    let rewards = vec![credited, pending.clone()];
    typed("reward list ada").list("GET /rewards", "rewards", &rewards).check();
    let reversed = RewardView { state: "reversed".to_owned(), ..pending };
    typed("reward reverse 7").answer("POST /rewards/7/reverse", &reversed).check();
}

#[test]
fn vouchers() {
    let money = VoucherView {
        id: 11,
        worth: WorthView { money: Some(usd(1000)), ..WorthView::default() },
        until: Some("2027-12-31T23:59:59Z".parse().unwrap()),
        state: "issued".to_owned(),
        member: None,
        batch: 40,
        gift: None,
    };
    let item = VoucherView {
        id: 12,
        worth: WorthView { item: Some(reel()), ..WorthView::default() },
        until: None,
        state: "redeemed".to_owned(),
        member: Some(named(8, "bob")),
        batch: 40,
        gift: Some(17),
    };
    let tier = VoucherView {
        id: 13,
        worth: WorthView {
            tier: Some("patron".to_owned()),
            days: Some(30),
            ..WorthView::default()
        },
        state: "void".to_owned(),
        member: None,
        batch: 40,
        gift: None,
        ..item.clone()
    };
    let code = |voucher: &VoucherView, code: &str| VoucherCodeView {
        code: code.to_owned(),
        voucher: voucher.clone(),
    };
    let issued = vec![
        code(&money, "0A1B2-C3D4E-F5G6H-7J8K9-MNPQR-ST"),
        code(&money, "9A1B2-C3D4E-F5G6H-7J8K9-MNPQR-SV"),
    ];
    let issue = "voucher issue --amount 10.00 --currency usd --count 2 --until 2027-12-31 --key k";
    typed(issue).answer("POST /vouchers", &issued).check();
    for format in ["text", "html"] {
        typed(&format!("{issue} --print={format}"))
            .answer("POST /vouchers", &issued)
            .check_with(format);
    }
    let vouchers = vec![money, item.clone(), tier.clone()];
    typed("voucher list").list("GET /vouchers", "vouchers", &vouchers).check();
    typed("voucher redeem 0A1B2-C3D4E-F5G6H-7J8K9-MNPQR-ST --member bob")
        .answer("POST /vouchers/redeem", &item)
        .check();
    typed("voucher void 13").answer("DELETE /vouchers/13", &tier).check();
}

#[test]
fn export() {
    let orders = vec![order(), pending_order(), partly_refunded_order(), refunded_order()];
    typed("export orders --from 2026-11-01 --to 2026-11-30")
        .list("GET /orders", "orders", &orders)
        .check();
    let entries = vec![topup_entry(), purchase_entry(), refund_entry(), fee_entry()];
    for table in ["fees", "refunds", "tax"] {
        typed(&format!("export {table}"))
            .list("GET /ledger/journal", "entries", &entries)
            .check_with(table);
    }
    let none = Vec::<JournalEntry>::new();
    typed("export tax").list("GET /ledger/journal", "entries", &none).check_with("none");
}

/// A payment by hand.
fn topup_entry() -> JournalEntry {
    JournalEntry {
        id: 40,
        key: "fair-17".to_owned(),
        kind: "topup".to_owned(),
        memo: "cash".to_owned(),
        postings: vec![posting("psp:hand:clearing", 1000), posting("member:7:prepaid", -1000)],
        ..purchase_entry()
    }
}
