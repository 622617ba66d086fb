//! Fields that several dictionaries of a torrent share.

use crate::bencode::{BencodeError, Cursor};
use crate::error::ReadError;
use crate::torrent::FileKind;

/// Fills a key's slot, once.
pub(crate) fn once<T>(slot: &mut Option<T>, value: T, key: &'static str) -> Result<(), ReadError> {
    if slot.replace(value).is_some() { Err(ReadError::Twice(key)) } else { Ok(()) }
}

/// Reads text that nothing depends on; `None` for a value of another type.
pub(crate) fn text(cursor: &mut Cursor<'_>) -> Result<Option<String>, BencodeError> {
    if !cursor.at_bytes() {
        return cursor.skip().map(|()| None);
    }
    cursor.bytes().map(|bytes| Some(String::from_utf8_lossy(bytes).into_owned()))
}

/// Reads a length in bytes.
pub(crate) fn length(cursor: &mut Cursor<'_>) -> Result<u64, ReadError> {
    u64::try_from(cursor.int()?).map_err(|_| ReadError::Value("length"))
}

/// Reads the attributes of a file (BEP 47).
pub(crate) fn kind(attributes: &[u8]) -> FileKind {
    if attributes.contains(&b'p') {
        FileKind::Pad
    } else if attributes.contains(&b'l') {
        FileKind::Symlink
    } else {
        FileKind::Data
    }
}
