//! Codes of six digits that change every 30 s (RFC 6238), as authenticator apps make them.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::Builder;

/// What makes an admin's codes; `{:?}` does not show its secret.
pub(crate) struct Totp {
    inner: totp_rs::Totp,
    admin: String,
}

impl Totp {
    /// Takes an admin's secret. `None` where it is shorter than any that [`new_secret`] makes.
    pub(crate) fn new(admin: &str, secret: &[u8]) -> Option<Self> {
        let builder = Builder::new().with_secret(secret).with_step_duration(STEP_SECS);
        let inner = builder.with_skew(SKEW).build().ok()?;
        Some(Self { inner, admin: admin.to_owned() })
    }

    /// The time step of a code, if it is that of now, or of the step before or after.
    pub(crate) fn step_of(&self, code: &str, now_unix: u32) -> Option<u32> {
        u32::try_from(self.inner.check(code, now_unix.into())?).ok()
    }

    /// The secret in base 32, in groups of four characters.
    pub(crate) fn groups(&self) -> String {
        let text = self.base32();
        let groups: Vec<_> =
            text.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group)).collect();
        groups.join(" ")
    }

    /// The URL that authenticator apps take.
    pub(crate) fn url(&self, issuer: &str) -> String {
        let issuer = utf8_percent_encode(issuer, NON_ALPHANUMERIC);
        let (admin, secret) = (utf8_percent_encode(&self.admin, NON_ALPHANUMERIC), self.base32());
        format!("otpauth://totp/{issuer}:{admin}?secret={secret}&issuer={issuer}")
    }

    fn base32(&self) -> String {
        self.inner.secret().to_base32()
    }
}

impl fmt::Debug for Totp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Totp").field("admin", &self.admin).finish_non_exhaustive()
    }
}

/// A new secret: 160 random bits, as RFC 4226 recommends. `None` where the system gives no random numbers.
pub(crate) fn new_secret() -> Option<[u8; 20]> {
    let mut secret = [0; 20];
    getrandom::fill(&mut secret).ok()?;
    Some(secret)
}

const STEP_SECS: u64 = 30;
/// Steps before and after now whose codes count, for clocks that are not exact.
const SKEW: u16 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238() {
        let totp = Totp::new("ada", b"12345678901234567890").unwrap();
        // Of appendix B, of whose eight digits the last six are ours.
        for (unix, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(totp.step_of(code, unix), Some(unix / 30), "{unix}");
        }
    }

    #[test]
    fn a_code_counts_one_step_early_and_late_as_its_own_step() {
        let totp = Totp::new("ada", b"12345678901234567890").unwrap();
        for (now, expected) in
            [(29, Some(1)), (30, Some(1)), (89, Some(1)), (90, None), (200, None)]
        {
            assert_eq!(totp.step_of("287082", now), expected, "{now}");
        }
        for wrong in ["287083", "", "2870820", "28708", "28708x"] {
            assert_eq!(totp.step_of(wrong, 59), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_shown_in_groups_and_as_a_url() {
        let totp = Totp::new("a.da", b"12345678901234567890").unwrap();
        assert_eq!(totp.groups(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            totp.url("Lantern Street"),
            "otpauth://totp/Lantern%20Street:a%2Eda?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Lantern%20Street"
        );
        assert!(!format!("{totp:?}").contains("GEZD"));
        assert!(Totp::new("ada", b"short").is_none());
        assert_ne!(new_secret(), new_secret());
    }
}
