//! The token in every form. It says that the form was on a page that this daemon made for this browser, of late.
//!
//! It is bound to the sign-in, or to the visitor's cookie where nobody is signed in, by a tag that only the holder of
//! the master secret can make; nothing is stored, and it survives a restart.

use data_encoding::HEXLOWER;
use policy::{FormTag, Keyring};

/// What a form is bound to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Binding<'a> {
    /// The cookie of an admin's sign-in.
    Admin(&'a str),
    /// The cookie of a visitor of the dashboard.
    DeskVisitor(&'a str),
    /// The cookie of a sign-in.
    SignIn(&'a str),
    /// The cookie of a visitor.
    Visitor(&'a str),
}

/// Makes a token.
pub(crate) fn issue(keyring: &Keyring, binding: Binding<'_>, now_unix: u32) -> String {
    let tag = tag(keyring, binding, now_unix);
    HEXLOWER.encode(&now_unix.to_be_bytes()) + &HEXLOWER.encode(tag.expose())
}

/// Whether a token is one that was issued for this binding and is not too old.
pub(crate) fn is_valid(
    keyring: &Keyring,
    binding: Binding<'_>,
    token: &str,
    now_unix: u32,
) -> bool {
    let Ok(bytes) = HEXLOWER.decode(token.as_bytes()) else { return false };
    let Some((issued, proof)) = bytes.split_first_chunk() else { return false };
    let issued = u32::from_be_bytes(*issued);
    // A clock that was set back makes tokens of the future: they stand.
    now_unix.saturating_sub(issued) <= MAX_AGE_SECS && tag(keyring, binding, issued).is(proof)
}

fn tag(keyring: &Keyring, binding: Binding<'_>, issued: u32) -> FormTag {
    let (kind, value) = match binding {
        Binding::Admin(cookie) => ("admin", cookie),
        Binding::DeskVisitor(cookie) => ("desk visitor", cookie),
        Binding::SignIn(cookie) => ("sign-in", cookie),
        Binding::Visitor(cookie) => ("visitor", cookie),
    };
    keyring.form_tag(format!("{kind} {issued} {value}").as_bytes())
}

/// How long a page may stand open before its form is sent: two days.
const MAX_AGE_SECS: u32 = 2 * 24 * 3600;

#[cfg(test)]
mod tests {
    use policy::MasterSecret;

    use super::*;

    #[test]
    fn a_token_is_good_for_its_own_cookie_and_two_days() {
        let ada = Binding::Visitor("ada");
        let token = issue(&ring(1), ada, NOW);
        check(true, 1, ada, &token, NOW);
        check(true, 1, ada, &token, NOW + MAX_AGE_SECS);
        check(true, 1, ada, &token, NOW - 10);
        check(false, 1, ada, &token, NOW + MAX_AGE_SECS + 1);
        check(false, 1, Binding::Visitor("bob"), &token, NOW);
        check(false, 1, Binding::SignIn("ada"), &token, NOW);
        check(false, 2, ada, &token, NOW);
        // Another time of issue has another tag.
        let other = issue(&ring(1), ada, NOW + 1);
        check(false, 1, ada, &(other[..8].to_owned() + &token[8..]), NOW);
        for broken in ["", "0", "00000000", &token[1..], &token[..70], &token.to_uppercase()] {
            check(false, 1, ada, broken, NOW);
        }
    }

    #[track_caller]
    fn check(expected: bool, secret: u8, binding: Binding<'_>, token: &str, now: u32) {
        assert_eq!(is_valid(&ring(secret), binding, token, now), expected, "{binding:?} {token}");
    }

    fn ring(secret: u8) -> Keyring {
        Keyring::new(&MasterSecret::new([secret; 32]), None)
    }

    const NOW: u32 = 1_800_000_000;
}
