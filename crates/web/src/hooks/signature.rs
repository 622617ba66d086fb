//! Signatures in the form of Standard Webhooks: `v1`, an HMAC of SHA-256 over id, time and body.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A secret as its receiver's library takes it.
pub fn secret_text(secret: &[u8; 32]) -> String {
    format!("whsec_{}", BASE64.encode(secret))
}

/// The value of `webhook-signature`.
pub(super) fn sign(secret: &[u8; 32], id: &str, unix: u32, body: &str) -> String {
    // An HMAC takes a key of any length.
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(secret) else {
        return String::new();
    };
    mac.update(format!("{id}.{unix}.{body}").as_bytes());
    format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_standards_example() {
        // Of the specification's reference libraries; their secret is shorter, so it is padded as HMAC pads it.
        let short = BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let mut secret = [0; 32];
        secret[..short.len()].copy_from_slice(&short);
        let signature =
            sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(secret_text(&secret).starts_with("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    }
}
