use club::provider::{Btcpay, Stripe};

use super::raw::minute;
use super::*;
use crate::config::{Config, parse};

#[test]
fn nothing_is_taken_by_default() {
    let payments = Config::default().payments;
    assert_eq!((payments.stripe, payments.btcpay, payments.kofi), (None, None, None));
    let plans: Vec<_> = payments.plans.keys().collect();
    assert_eq!(plans, ["patron"]);
}

#[test]
fn every_provider_is_read_with_its_defaults() {
    let payments = check(EVERYTHING).unwrap();
    let targets = payments.form_targets();
    assert_eq!(targets, ["https://checkout.stripe.com", "https://pay.example.org"]);
    let stripe = payments.stripe.unwrap();
    assert_eq!(stripe.base_url, "https://api.stripe.com/");
    assert_eq!(stripe.webhook_secrets[0], SecretSource::File("/etc/usher/stripe".into()));
    assert_eq!(stripe.webhook_secrets[1], SecretSource::Environment("STRIPE_NEW".to_owned()));
    assert_eq!(stripe.success_url, "http://localhost:8080");
    let btcpay = payments.btcpay.unwrap();
    assert_eq!((btcpay.poll, btcpay.refund_method.as_str()), (minute(), "BTC-CHAIN"));
    let kofi = payments.kofi.unwrap();
    assert_eq!((kofi.gives.tier.as_str(), kofi.gives.days), ("fan", 35));
    assert_eq!(kofi.gives.price.minor, 300);
    assert_eq!(kofi.memberships["Gold"].tier, "patron");
    let patreon = &payments.hooks["patreon"];
    assert_eq!(patreon.header, "x-patreon-signature");
    assert_eq!(patreon.hook.algorithm, Algorithm::HmacMd5);
    assert_eq!(patreon.hook.fields.id, ["/data/id", "/data/attributes/last_charge_date"]);
    assert_eq!(payments.hooks["shop"].hook.fields.id, ["/id"]);
}

#[test]
fn every_file_with_a_secret_is_known() {
    let files = check(EVERYTHING).unwrap().secret_files();
    let expected = ["/run/key", "stripe", "k", "w", "t", "p", "h"];
    assert!(files.iter().eq(&expected.map(|file| Path::new("/etc/usher").join(file))), "{files:?}");
}

#[test]
fn what_can_not_stand_is_named() {
    for (file, key) in [
        ("stripe: {webhook_secret_files: []}", "payments.stripe.webhook_secret_files: empty"),
        (
            "stripe: {webhook_secret_files: [s], base_url: 'http://api.example.org'}",
            "payments.stripe.base_url: `http://api.example.org` is not https://",
        ),
        (
            "btcpay: {base_url: 'https://b', store: s, key_file: k, webhook_secret_files: [s], poll: 0s}",
            "payments.btcpay.poll: ",
        ),
        (
            "kofi: {token_files: [t], tier: king, days: 1, amount: '1', currency: usd}",
            "payments.kofi.tier: no tier `king`",
        ),
        (
            "kofi: {token_files: [t], tier: outsider, days: 1, amount: '1', currency: usd}",
            "payments.kofi.tier: no tier `outsider`",
        ),
        (
            "kofi: {token_files: [t], tier: fan, days: 1, amount: '1.001', currency: usd}",
            "payments.kofi.amount: ",
        ),
        (
            "hooks: {stripe: {header: X-A, secret_files: [s], id: /id, amount: /a, reference: /r, paid: [a]}}",
            "payments.hooks.stripe: ",
        ),
        (
            "hooks: {shop: {header: X-A, secret_files: [s], id: id, amount: /a, reference: /r, paid: [a]}}",
            "payments.hooks.shop.id: `id` is not a JSON pointer",
        ),
        (
            "hooks: {shop: {header: X-A, secret_files: [s], id: [/id, id], amount: /a, reference: /r, paid: [a]}}",
            "payments.hooks.shop.id: `id` is not a JSON pointer",
        ),
        (
            "hooks: {shop: {header: X-A, secret_files: [s], id: [], amount: /a, reference: /r, paid: [a]}}",
            "payments.hooks.shop.id: empty",
        ),
        (
            "hooks: {shop: {header: X-A, secret_files: [s], id: /id, amount: /a, tax: t, reference: /r, paid: [a]}}",
            "payments.hooks.shop.tax: `t` is not a JSON pointer",
        ),
        (
            "hooks: {shop: {header: X-A, secret_files: [s], id: /id, amount: /a, reference: /r, paid: [a], refunded_status: [b]}}",
            "payments.hooks.shop.refunded_status: set `status` too",
        ),
        (
            "hooks: {shop: {header: X-A, secret_files: [s], id: /id, amount: /a, reference: /r, paid: [a], status: /s}}",
            "payments.hooks.shop.paid_status: missing",
        ),
        (
            "kofi: {token_files: [t], tier: fan, amount: '1', currency: usd, memberships: {Gold: {tier: king, days: 1, amount: '1', currency: usd}}}",
            "payments.kofi.memberships.Gold.tier: no tier `king`",
        ),
        (
            "hooks: {shop: {header: X-A, secret_files: [s], id: /id, amount: /a, paid: [a]}}",
            "payments.hooks.shop.reference: missing",
        ),
        (
            "hooks: {shop: {header: 'X A', secret_files: [s], id: /id, amount: /a, reference: /r, paid: [a]}}",
            "payments.hooks.shop.header: `X A` is not the name of a header",
        ),
    ] {
        let message = check(&format!("payments: {{{file}}}")).unwrap_err().to_string();
        assert!(message.starts_with(key), "{message}");
    }
}

#[test]
fn a_tier_for_sale_costs_something() {
    let tier = |amount| {
        check(&format!(
            "tiers: [{{id: outsider}}, {{id: fan, price: {{amount: '{amount}', currency: usd, per: week}}}}]"
        ))
    };
    let message = tier("0.00").unwrap_err().to_string();
    assert!(message.starts_with("tiers[1].price.amount: 0: leave"), "{message}");
    assert_eq!(tier("0.01").unwrap().plans["fan"].0.minor, 1);
}

#[test]
fn the_example_in_tracker_yaml_is_one() {
    let text = include_str!("../../../../../tracker.yaml");
    let (_, section) = text.split_once("\npayments:\n").unwrap();
    // Lines of YAML are further in than sentences.
    let lines = section.lines().take_while(|line| line.is_empty() || line.starts_with("  "));
    let example = lines.filter_map(|line| line.strip_prefix("  #   "));
    let example: String = example.map(|line| format!("  {line}\n")).collect();
    let payments = check(&format!("payments:\n{example}")).unwrap();
    assert!(payments.stripe.is_some() && payments.btcpay.is_some() && payments.kofi.is_some());
    assert!(payments.hooks.contains_key("patreon"), "{example}");
}

#[test]
fn the_documents_name_the_events_that_are_read() {
    let text = include_str!("../../../../../docs/payments.md");
    let between = |start: &str, end: &str| {
        let (_, rest) = text.split_once(start).unwrap();
        rest.split_once(end).unwrap().0
    };
    // Between backquotes is each second part.
    let words = |text: &'static str| text.split('`').skip(1).step_by(2).collect::<Vec<_>>();
    let stripe = between("with these events.", "\n3. Pin");
    assert_eq!(words(stripe), Stripe::EVENTS);
    let btcpay = between("The events are\n", ".\n");
    assert_eq!(words(btcpay), Btcpay::EVENTS);
}

fn check(file: &str) -> Result<PaymentSettings, Invalid> {
    Config::new(parse(file).unwrap(), Path::new("/etc/usher")).map(|config| config.payments)
}

const EVERYTHING: &str = "\
payments:
  stripe: {webhook_secret_files: [stripe, $STRIPE_NEW], key_file: /run/key}
  btcpay: {base_url: 'https://pay.example.org', store: s1, key_file: k, webhook_secret_files: [w]}
  kofi: {token_files: [t], tier: fan, days: 35, amount: '3.00', currency: usd, memberships: {Gold: {tier: patron, days: 35, amount: '10.00', currency: usd}}}
  hooks:
    patreon:
      header: X-Patreon-Signature
      algorithm: md5
      secret_files: [p]
      event_header: X-Patreon-Event
      id: [/data/id, /data/attributes/last_charge_date]
      amount: /data/attributes/currently_entitled_amount_cents
      member: /data/attributes/note
      status: /data/attributes/last_charge_status
      paid_status: [Paid]
      paid: ['members:pledge:create', 'members:update']
      gives: {tier: fan, days: 35, amount: '3.00', currency: usd}
    shop: {header: X-A, secret_files: [h], id: /id, amount: /a, reference: /r, paid: [a]}
";
