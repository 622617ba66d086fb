//! E-mail addresses: what a buyer is reached by.

use std::fmt;

use email_address::{EmailAddress, Options};

/// An e-mail address in lower case, so that one mailbox is one address.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Email(String);

impl Email {
    /// Reads an address as people type it, without a name around it.
    ///
    /// # Errors
    ///
    /// It is not one.
    pub fn parse(text: &str) -> Result<Self, BadEmail> {
        let options =
            Options::default().with_required_tld().without_display_text().without_domain_literal();
        let text = text.trim();
        let is_odd = |c| matches!(c, '"' | '\\') || is_invisible(c);
        if text.len() > MAX_BYTES || text.contains(is_odd) {
            return Err(BadEmail);
        }
        EmailAddress::parse_with_options(text, options)
            .map(|address| Self(address.as_str().to_lowercase()))
            .map_err(|_| BadEmail)
    }

    /// One that was read before.
    pub(crate) fn stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The address.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text is not an e-mail address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this is not an e-mail address: expected name@example.org, at most {MAX_BYTES} bytes")]
pub struct BadEmail;

/// Whether a character shows as nothing or changes the order of others, so that an address would read as another:
/// controls (Cc), and those of formatting (Cf) that no name needs.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// RFC 5321 allows no longer ones.
const MAX_BYTES: usize = 254;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_is_one_address() {
        for (text, expected) in [
            ("ada@example.org", "ada@example.org"),
            (" Ada.L+x@Example.ORG\n", "ada.l+x@example.org"),
            ("jürgen@bücher.example", "jürgen@bücher.example"),
        ] {
            assert_eq!(Email::parse(text).map(|email| email.0), Ok(expected.to_owned()));
        }
        let long = format!("{}@example.org", "a".repeat(260));
        let bad = ["", "ada", "@example.org", "ada@", "ada@localhost", "a b@example.org"];
        let worse = ["Ada <ada@example.org>", "ada@example.org\nBcc: x@y.org", "a@[127.0.0.1]"];
        let hidden = ["a\u{202e}b@example.org", "a\u{200b}@example.org", "a@exam\u{85}ple.org"];
        for text in
            bad.iter().chain(&worse).chain(&hidden).chain(&["\"a b\"@example.org", long.as_str()])
        {
            assert_eq!(Email::parse(text), Err(BadEmail), "{text}");
        }
    }
}
