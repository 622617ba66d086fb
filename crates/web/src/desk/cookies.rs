//! The cookies of the dashboard. They have other names than the site's, because ports share cookies, and go along with
//! requests from its own pages alone (`SameSite=Strict`).

use axum::http::HeaderValue;

/// Sets a cookie until the browser ends, or for some seconds; 0 takes it away.
pub(super) fn set(name: &str, value: &str, max_age_secs: Option<u32>) -> Option<HeaderValue> {
    let age = max_age_secs.map(|secs| format!("; Max-Age={secs}")).unwrap_or_default();
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Secure{age}");
    HeaderValue::try_from(cookie).ok()
}

/// The cookie of an admin's sign-in.
pub(super) const SIGN_IN: &str = "__Host-usher-admin";
/// What tells browsers apart in which nobody is signed in: random, and nothing is known by it.
pub(super) const VISITOR: &str = "__Host-usher-desk";
/// How long a browser keeps a sign-in: as long as an admin's lasts at most.
pub(super) const SIGN_IN_SECS: u32 = 7 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_goes_along_with_its_own_pages_alone() {
        let cookie = set(SIGN_IN, "1", None).unwrap();
        assert_eq!(cookie, "__Host-usher-admin=1; Path=/; HttpOnly; SameSite=Strict; Secure");
        let gone = set(SIGN_IN, "", Some(0)).unwrap();
        assert!(gone.to_str().unwrap().ends_with("; Max-Age=0"));
    }
}
