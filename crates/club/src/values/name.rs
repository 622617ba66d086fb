//! Names of members and items, and what a person types to mean one.

use std::fmt;

use wire::InfoHash;

/// Checks a name: 1 to 64 ASCII letters, digits, `.`, `_` and `-`, that nothing else can be meant by.
///
/// # Errors
///
/// Another length or character; only digits (an id); 40 hexadecimal digits (an info hash); `all`; `.` and `..`, which
/// are folders in every path and URL.
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
        Handle::Name("." | "..") => Err(NameError::Folder),
        Handle::Name(_) => Ok(()),
    }
}

/// Checks the name of a member: as [`check`] does, and it is none of those usher gives itself.
///
/// # Errors
///
/// As of [`check`]; the seed box's; `erased-` and digits, as of a member that was erased.
pub(crate) fn check_member(name: &str) -> Result<(), NameError> {
    check(name)?;
    let number = name.strip_prefix(ERASED).filter(|rest| !rest.is_empty());
    if number.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(NameError::Erased);
    }
    if name == SEED_BOX { Err(NameError::SeedBox) } else { Ok(()) }
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

/// What a name or id belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// An item.
    Item,
    /// A member.
    Member,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Item => "item",
            Self::Member => "member",
        })
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
    /// A member that was erased is called so.
    #[error("`erased-` and a number is what usher calls an erased member: choose another name")]
    Erased,
    /// It is `.` or `..`.
    #[error("`.` and `..` are folders in a path and in a URL: choose another name")]
    Folder,
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
    /// It is the seed box's.
    #[error(
        "usher keeps the name `seedbox` for your own seed box: choose another name, or for a seed \
         box `usher torrent --seed ITEM`"
    )]
    SeedBox,
}

/// What stands for all items.
pub(crate) const ALL: &str = "all";
/// What an erased member is called, with the id after it.
pub(crate) const ERASED: &str = "erased-";
/// What the publisher's own seed box is called.
pub(crate) const SEED_BOX: &str = "seedbox";
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
        check_name(".", Err(NameError::Folder));
        check_name("..", Err(NameError::Folder));
        check_name(".a", Ok(()));
        check_name("...", Ok(()));
    }

    #[test]
    fn a_member_has_no_name_that_usher_gives() {
        assert_eq!(check_member("seedbox"), Err(NameError::SeedBox));
        assert_eq!(check("seedbox"), Ok(()));
        assert_eq!(check_member("erased-7"), Err(NameError::Erased));
        for free in ["seedbox-2", "Seedbox", "erased-", "erased-ada"] {
            assert_eq!(check_member(free), Ok(()), "{free}");
        }
    }

    #[test]
    fn digits_are_an_id_and_40_hexadecimal_ones_an_info_hash() {
        assert_eq!(Handle::from("7"), Handle::Id(Some(7)));
        assert_eq!(Handle::from("99999999999"), Handle::Id(None));
        assert_eq!(Handle::from("ada"), Handle::Name("ada"));
        assert_eq!(Handle::from("11".repeat(20).as_str()), Handle::Hash(InfoHash([0x11; 20])));
    }
}
