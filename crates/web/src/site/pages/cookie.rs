//! Cookies: which a request brings, and how ours are set (RFC 6265bis).
//!
//! A few lines in place of a crate: names and values here are letters, digits, `-` and `_`, so there is nothing to
//! encode, and a date is never written.

use axum::http::header::{COOKIE, HeaderMap, HeaderValue};

/// The value of a cookie; `None` where there is none, or several of that name, of which nobody knows the right one.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lists = headers.get_all(COOKIE).iter().filter_map(|list| list.to_str().ok());
    let pairs = lists.flat_map(|list| list.split(';')).filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim());
    match (values.next(), values.next()) {
        (value, None) => value,
        _ => None,
    }
}

/// Sets a cookie until the browser ends, or for some seconds; 0 takes it away.
///
/// Scripts do not see it. It goes along with links from elsewhere, as from a payment provider, but not with forms.
pub(in crate::site) fn set(
    name: &str,
    value: &str,
    is_secure: bool,
    max_age_secs: Option<u32>,
) -> Option<HeaderValue> {
    let secure = if is_secure { "; Secure" } else { "" };
    let age = max_age_secs.map(|secs| format!("; Max-Age={secs}")).unwrap_or_default();
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    HeaderValue::try_from(cookie).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_cookie_of_a_name_is_read() {
        for (lists, expected) in [
            (&["a=1; b=2"][..], Some("2")),
            (&["a=1", "b=2;c=3"], Some("2")),
            (&[" b = 2 "], Some("2")),
            (&["b=2=3"], Some("2=3")),
            (&["b=2; b=3"], None),
            (&["b=2", "b=2"], None),
            (&["bb=2; xb=1; b"], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for list in lists {
                headers.append(COOKIE, HeaderValue::from_static(list));
            }
            assert_eq!(read(&headers, "b"), expected, "{lists:?}");
        }
    }

    #[test]
    fn a_cookie_is_set_for_the_whole_host_and_hidden_from_scripts() {
        let cookie = set("__Host-x", "1", true, None).unwrap();
        assert_eq!(cookie, "__Host-x=1; Path=/; HttpOnly; SameSite=Lax; Secure");
        let gone = set("x", "", false, Some(0)).unwrap();
        assert_eq!(gone, "x=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }
}
