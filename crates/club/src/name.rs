//! Names of members and items, and what a person types to mean one.

use wire::InfoHash;

/// Checks a name: 1 to 64 ASCII letters, digits, `.`, `_` and `-`, that nothing else can be meant by.
///
/// # Errors
///
/// Another length or character; only digits (an id); 40 hexadecimal digits (an info hash); `all`.
pub(crate) fn check(name: &str) -> Result<(), NameError> {
    if name.is_empty() || name.len() > MAX_LEN {
        return Err(NameError::Length(name.len()));
    }
    let is_allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if let Some(other) = name.chars().find(|c| !is_allowed(c)) {
        return Err(NameError::Character(other));
    }
    match Handle::from(name) {
        Handle::Hash(_) => Err(NameError::InfoHash),
        Handle::Id(_) => Err(NameError::Id),
        Handle::Name(ALL) => Err(NameError::All),
        Handle::Name(_) => Ok(()),
    }
}

/// What a person may type where a member or an item is wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Handle<'a> {
    /// 40 hexadecimal digits.
    Hash(InfoHash),
    /// Digits; `None` where they are more than any id has.
    Id(Option<u32>),
    /// Anything else.
    Name(&'a str),
}

impl<'a> From<&'a str> for Handle<'a> {
    fn from(text: &'a str) -> Self {
        if let Some(hash) = InfoHash::from_hex(text) {
            return Self::Hash(hash);
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::Id(text.parse().ok());
        }
        Self::Name(text)
    }
}

/// Why a text is no name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NameError {
    /// `all` means all items.
    #[error("`all` stands for all items: choose another name")]
    All,
    /// It holds this character.
    #[error("{0:?} can't be in a name: use ASCII letters, digits, `.`, `_` and `-`")]
    Character(char),
    /// It is all digits.
    #[error("a name of digits alone would be taken for an id: add a letter")]
    Id,
    /// It is 40 hexadecimal digits.
    #[error(
        "a name of 40 hexadecimal digits would be taken for an info hash: choose a shorter one"
    )]
    InfoHash,
    /// It has this many bytes.
    #[error("a name has 1 to {MAX_LEN} characters, this one {0}")]
    Length(usize),
}

/// What stands for all items.
pub(crate) const ALL: &str = "all";
const MAX_LEN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_nothing_else() {
        #[track_caller]
        fn check_name(name: &str, expected: Result<(), NameError>) {
            assert_eq!(check(name), expected, "{name}");
        }
        check_name("ada", Ok(()));
        check_name("7th-son_of.Bob", Ok(()));
        check_name(&"a".repeat(64), Ok(()));
        check_name(&"a".repeat(65), Err(NameError::Length(65)));
        check_name("", Err(NameError::Length(0)));
        check_name("ada lovelace", Err(NameError::Character(' ')));
        check_name("adä", Err(NameError::Character('ä')));
        check_name("7", Err(NameError::Id));
        check_name(&"1".repeat(64), Err(NameError::Id));
        check_name(&"c1".repeat(20), Err(NameError::InfoHash));
        check_name("all", Err(NameError::All));
    }

    #[test]
    fn digits_are_an_id_and_40_hexadecimal_ones_an_info_hash() {
        assert_eq!(Handle::from("7"), Handle::Id(Some(7)));
        assert_eq!(Handle::from("99999999999"), Handle::Id(None));
        assert_eq!(Handle::from("ada"), Handle::Name("ada"));
        assert_eq!(Handle::from("11".repeat(20).as_str()), Handle::Hash(InfoHash([0x11; 20])));
    }
}
