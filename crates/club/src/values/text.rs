//! What people type for people: lines, such as titles and memos, and descriptions.
//!
//! Names are stricter, see [`name`](crate::values::name).

/// Checks a line: at most 1000 characters, none of them a control character or a line break.
///
/// # Errors
///
/// It is another; `what` says of which field.
pub(crate) fn check_line(what: &'static str, text: &str) -> Result<(), BadText> {
    check(what, text, MAX_TEXT, |c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}'))
}

/// Checks a description: at most 10,000 characters, with line breaks and tabs but no other control
/// characters.
///
/// # Errors
///
/// As of [`check_line`].
pub(crate) fn check_lines(what: &'static str, text: &str) -> Result<(), BadText> {
    check(what, text, MAX_DESCRIPTION, |c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
}

fn check(
    what: &'static str,
    text: &str,
    max: usize,
    is_fine: impl Fn(char) -> bool,
) -> Result<(), BadText> {
    let length = text.chars().count();
    if length > max {
        return Err(BadText::Length { what, length, max });
    }
    match text.chars().find(|c| !is_fine(*c)) {
        Some(character) => Err(BadText::Character { what, character }),
        None => Ok(()),
    }
}

/// Why a text is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadText {
    /// It holds this character.
    #[error("{character:?} can't be in a {what}: leave out line breaks and control characters")]
    Character {
        /// The field.
        what: &'static str,
        /// The first that is none of a text.
        character: char,
    },
    /// It is too long.
    #[error("a {what} has {max} characters at most, this one {length}: shorten it")]
    Length {
        /// The field.
        what: &'static str,
        /// In characters.
        length: usize,
        /// The maximum.
        max: usize,
    },
}

/// The most characters in a line.
pub const MAX_TEXT: usize = 1000;
/// The most characters in a description.
pub const MAX_DESCRIPTION: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_control_characters_and_an_end() {
        let checked = |text: &str| check_line("memo", text).map_err(|error| error.to_string());
        for fine in ["", "Ünder the bridge — €5, 橋 🎬", &"ä".repeat(1000)] {
            assert_eq!(checked(fine), Ok(()), "{fine}");
        }
        for (text, shown) in [
            ("a\nb", "'\\n'"),
            ("\t", "'\\t'"),
            ("\u{1b}[2J", "'\\u{1b}'"),
            ("\u{2028}", "'\\u{2028}'"),
        ] {
            let why =
                format!("{shown} can't be in a memo: leave out line breaks and control characters");
            assert_eq!(checked(text), Err(why));
        }
        let why = "a memo has 1000 characters at most, this one 1001: shorten it";
        assert_eq!(checked(&"ä".repeat(1001)), Err(why.to_owned()));
    }

    #[test]
    fn a_description_may_have_lines() {
        assert_eq!(check_lines("description", "one\r\n\ttwo\n"), Ok(()));
        let what = "description";
        assert_eq!(check_lines(what, &"ä".repeat(10_000)), Ok(()));
        let refused = check_lines(what, &"ä".repeat(10_001));
        assert_eq!(refused, Err(BadText::Length { what, length: 10_001, max: 10_000 }));
        for character in ['\0', '\u{7f}', '\u{9b}'] {
            let refused = check_lines(what, &format!("a{character}"));
            assert_eq!(refused, Err(BadText::Character { what, character }));
        }
    }
}
