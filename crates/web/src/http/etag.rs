//! Entity tags, and the conditional requests that name them (RFC 9110, 8.8.3 and 13.1).

use std::fmt;

/// The strong entity tag of a response. Its text holds no quote and no comma.
pub(crate) struct EntityTag(String);

impl EntityTag {
    pub(crate) fn new(opaque: String) -> Self {
        Self(opaque)
    }

    /// Whether a list of tags, the value of `If-Match`, names this one or any (`*`): strong comparison.
    pub(crate) fn is_in(&self, list: &[u8]) -> bool {
        names(list, |tag| self.is(tag))
    }

    /// Whether a list of tags, the value of `If-None-Match`, names this one or any (`*`): weak comparison.
    ///
    /// A proxy that compresses sends the tag on as a weak one or, as Apache and lighttpd do, with the coding
    /// behind it; both name the same content.
    pub(crate) fn is_weakly_in(&self, list: &[u8]) -> bool {
        names(list, |tag| {
            opaque(tag.strip_prefix(b"W/").unwrap_or(tag))
                .and_then(|opaque| opaque.strip_prefix(self.0.as_bytes()))
                .is_some_and(|rest| rest.is_empty() || CODINGS.contains(&rest))
        })
    }

    /// Whether a tag, the value of `If-Range`, is this one: strong comparison.
    pub(crate) fn is(&self, tag: &[u8]) -> bool {
        opaque(tag) == Some(self.0.as_bytes())
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// Whether a list is `*` or has such a tag. A comma within a tag splits it, into parts that equal none of ours.
fn names(list: &[u8], is_ours: impl Fn(&[u8]) -> bool) -> bool {
    list.trim_ascii() == b"*"
        || list.split(|byte| *byte == b',').any(|tag| is_ours(tag.trim_ascii()))
}

/// What stands between the quotes.
fn opaque(tag: &[u8]) -> Option<&[u8]> {
    tag.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

/// What proxies append for the coding that they applied.
const CODINGS: [&[u8]; 5] = [b"-br", b"-deflate", b"-gzip", b"--gzip", b"-zstd"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_name_it_strongly_or_weakly() {
        for (list, strongly, weakly) in [
            ("\"tag\"", true, true),
            ("*", true, true),
            (" * ", true, true),
            ("\"x\", \"tag\" ,\"y\"", true, true),
            ("\"a b\",\"a,b\",\"tag\"", true, true),
            ("W/\"tag\"", false, true),
            ("\"x\",W/\"tag\"", false, true),
            ("\"tag-gzip\"", false, true),
            ("W/\"tag-br\"", false, true),
            ("\"tag--gzip\"", false, true),
            ("\"tag-x\"", false, false),
            ("w/\"tag\"", false, false),
            ("tag", false, false),
            ("\"tag", false, false),
            ("\"*\"", false, false),
            ("\"ta\", \"g\"", false, false),
            ("W/", false, false),
            ("", false, false),
        ] {
            let tag = EntityTag::new("tag".to_owned());
            let found = (tag.is_in(list.as_bytes()), tag.is_weakly_in(list.as_bytes()));
            assert_eq!(found, (strongly, weakly), "{list:?}");
        }
    }

    #[test]
    fn it_is_written_in_quotes() {
        assert_eq!(EntityTag::new("tag".to_owned()).to_string(), "\"tag\"");
    }
}
