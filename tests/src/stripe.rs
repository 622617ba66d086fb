//! Stripe's webhooks, as far as tests of other things need one.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde_json::json;

use crate::{Daemon, post, stripe_signature};

/// The section `payments` with Stripe in it, its secrets written into a folder.
pub fn stripe_payments(folder: &Path) -> String {
    let [key, secret] = ["stripe-key", "stripe-secret"].map(|name| folder.join(name));
    fs::write(&key, "sk_test\n").expect("a key");
    fs::write(&secret, format!("{SECRET}\n")).expect("a secret");
    let (key, secret) = (key.display(), secret.display());
    format!("payments:\n  stripe: {{key_file: '{key}', webhook_secret_files: ['{secret}']}}\n")
}

/// Sends an event that does nothing but is to be kept; returns the status of the answer.
pub fn send_stripe_event(daemon: &Daemon, number: u64) -> Option<u16> {
    let since_1970 = SystemTime::UNIX_EPOCH.elapsed().expect("a clock that is set");
    let now = since_1970.as_secs();
    let event = json!({"id": format!("evt_{number}"), "object": "event", "livemode": false,
        "type": "customer.created", "created": now, "data": {"object": {"id": "cus_1"}}});
    let body = event.to_string();
    let signature = stripe_signature(SECRET, now, body.as_bytes());
    post(daemon.listening().web.port(), "/webhooks/stripe", &signature, body.as_bytes())
}

const SECRET: &str = "whsec_test";
