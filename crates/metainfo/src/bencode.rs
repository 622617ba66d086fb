//! The little of bencode (BEP 3) that torrent files need: a cursor over bytes, and writers.
//!
//! The cursor goes through its input once, borrows, allocates nothing and remembers where it is,
//! so that `info` can be kept byte for byte. It counts depth instead of recursing. A general
//! decoder is deliberately absent: those at hand refuse the unsorted keys of real files.

use thiserror::Error;

/// A reader of one bencoded value after the other.
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
    len: usize,
    depth: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, len: bytes.len(), depth: 0 }
    }

    /// How many bytes have been read.
    pub(crate) const fn offset(&self) -> usize {
        self.len - self.rest.len()
    }

    /// Whether the next value is a byte string.
    pub(crate) fn at_bytes(&self) -> bool {
        self.rest.first().is_some_and(u8::is_ascii_digit)
    }

    /// Whether the next value is an integer.
    pub(crate) fn at_int(&self) -> bool {
        self.rest.first() == Some(&b'i')
    }

    /// Whether the next value is a list.
    pub(crate) fn at_list(&self) -> bool {
        self.rest.first() == Some(&b'l')
    }

    /// Enters a dictionary, to be read by [`key`](Self::key) and a value in turn.
    pub(crate) fn open_dict(&mut self) -> Result<(), BencodeError> {
        self.open(b'd')
    }

    /// The next key of the dictionary that was opened last; `None` closes it.
    pub(crate) fn key(&mut self) -> Result<Option<&'a [u8]>, BencodeError> {
        if self.item()? { self.bytes().map(Some) } else { Ok(None) }
    }

    /// Enters a list, to be read by [`item`](Self::item) and a value in turn.
    pub(crate) fn open_list(&mut self) -> Result<(), BencodeError> {
        self.open(b'l')
    }

    /// Whether the list that was opened last has another value; `false` closes it.
    pub(crate) fn item(&mut self) -> Result<bool, BencodeError> {
        match self.rest.split_first() {
            None => Err(self.error(BencodeFault::End)),
            Some((b'e', rest)) => {
                self.rest = rest;
                self.depth = self.depth.saturating_sub(1);
                Ok(false)
            }
            Some(_) => Ok(true),
        }
    }

    /// Reads a byte string.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], BencodeError> {
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (length, rest) = self.rest.split_at_checked(digits).unwrap_or_default();
        let rest = match rest.split_first() {
            Some((b':', rest)) => rest,
            None => return Err(self.error(BencodeFault::End)),
            Some(_) => return Err(self.error(BencodeFault::Syntax)),
        };
        let length = number(length).ok_or_else(|| self.error(BencodeFault::Number))?;
        let length = usize::try_from(length).map_err(|_| self.error(BencodeFault::Number))?;
        let (text, rest) =
            rest.split_at_checked(length).ok_or_else(|| self.error(BencodeFault::End))?;
        self.rest = rest;
        Ok(text)
    }

    /// Reads an integer.
    pub(crate) fn int(&mut self) -> Result<i64, BencodeError> {
        let body = match self.rest.split_first() {
            Some((b'i', body)) => body,
            None => return Err(self.error(BencodeFault::End)),
            Some(_) => return Err(self.error(BencodeFault::Syntax)),
        };
        let end = body.iter().take(MAX_INT_DIGITS + 2).position(|byte| *byte == b'e');
        let Some((digits, rest)) = end.and_then(|end| body.split_at_checked(end)) else {
            let fault = if body.len() <= MAX_INT_DIGITS + 1 {
                BencodeFault::End
            } else {
                BencodeFault::Number
            };
            return Err(self.error(fault));
        };
        let value = number(digits).ok_or_else(|| self.error(BencodeFault::Number))?;
        self.rest = rest.get(1..).unwrap_or_default();
        Ok(value)
    }

    /// Reads past one value of any kind.
    pub(crate) fn skip(&mut self) -> Result<(), BencodeError> {
        let outer = self.depth;
        // For each open container, whether it is a dictionary; depth is bounded, so bits will do.
        let mut is_dict = 0u128;
        loop {
            match self.rest.first() {
                None => return Err(self.error(BencodeFault::End)),
                Some(b'i') => drop(self.int()?),
                Some(b'0'..=b'9') => drop(self.bytes()?),
                Some(&kind @ (b'd' | b'l')) => {
                    self.open(kind)?;
                    is_dict = is_dict << 1 | u128::from(kind == b'd');
                }
                Some(_) => return Err(self.error(BencodeFault::Syntax)),
            }
            while self.depth > outer && !self.item()? {
                is_dict >>= 1;
            }
            if self.depth == outer {
                return Ok(());
            }
            if is_dict & 1 == 1 {
                self.bytes()?;
            }
        }
    }

    /// Asserts that nothing follows.
    pub(crate) fn finish(&self) -> Result<(), BencodeError> {
        // Editors and `echo` put a newline behind the last byte.
        if matches!(self.rest, b"" | b"\n" | b"\r\n") {
            Ok(())
        } else {
            Err(self.error(BencodeFault::Trailing))
        }
    }

    fn open(&mut self, kind: u8) -> Result<(), BencodeError> {
        match self.rest.split_first() {
            Some((&first, rest)) if first == kind => {
                if self.depth == MAX_DEPTH {
                    return Err(self.error(BencodeFault::Deep));
                }
                self.rest = rest;
                self.depth += 1;
                Ok(())
            }
            None => Err(self.error(BencodeFault::End)),
            Some(_) => Err(self.error(BencodeFault::Syntax)),
        }
    }

    const fn error(&self, fault: BencodeFault) -> BencodeError {
        BencodeError { fault, offset: self.offset() }
    }
}

/// Bytes that are not bencode.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{fault} at byte {offset}")]
pub struct BencodeError {
    /// What is wrong.
    pub fault: BencodeFault,
    /// Where the value that can't be read starts.
    pub offset: usize,
}

/// What can be wrong with a bencoded value.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum BencodeFault {
    /// Lists and dictionaries are nested deeper than [`MAX_DEPTH`].
    #[error("nested more than {MAX_DEPTH} deep")]
    Deep,
    /// The input ends inside a value.
    #[error("the file ends too early")]
    End,
    /// A number has a leading zero, is minus zero, or has more digits than 64 bits hold.
    #[error("not a number")]
    Number,
    /// Another kind of value belongs here, or none that there is.
    #[error("unexpected value")]
    Syntax,
    /// Something follows the value.
    #[error("more data after the end")]
    Trailing,
}

/// How deep lists and dictionaries may nest: libtorrent's bound.
pub const MAX_DEPTH: usize = 100;

/// Reads `-?(0|[1-9][0-9]*)`, the one spelling that bencode gives each number.
fn number(text: &[u8]) -> Option<i64> {
    match text {
        [b'0'] => return Some(0),
        [b'1'..=b'9', ..] | [b'-', b'1'..=b'9', ..] => {}
        _ => return None,
    }
    str::from_utf8(text).ok()?.parse().ok()
}

/// Appends a byte string.
pub(crate) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(bytes.len().to_string().as_bytes());
    out.push(b':');
    out.extend_from_slice(bytes);
}

/// Appends an integer.
pub(crate) fn write_int(out: &mut Vec<u8>, value: u64) {
    out.push(b'i');
    out.extend_from_slice(value.to_string().as_bytes());
    out.push(b'e');
}

/// Of a 64-bit number, without its sign.
const MAX_INT_DIGITS: usize = 19;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_spelling() {
        check_int(b"i0e", Ok(0));
        check_int(b"i-1e", Ok(-1));
        check_int(b"i9223372036854775807e", Ok(i64::MAX));
        check_int(b"i-9223372036854775808e", Ok(i64::MIN));
        for bad in ["ie", "i-e", "i-0e", "i00e", "i01e", "i+1e", "i 1e", "i9223372036854775808e"] {
            check_int(bad.as_bytes(), Err(BencodeFault::Number));
        }
        check_int(&[&b"i"[..], &[b'1'; 1000]].concat(), Err(BencodeFault::Number));
        check_int(b"i12", Err(BencodeFault::End));
        check_int(b"3:abc", Err(BencodeFault::Syntax));
    }

    #[test]
    fn strings_are_as_long_as_they_say() {
        check_bytes(b"0:", Ok(b""));
        check_bytes(b"3:abcd", Ok(b"abc"));
        check_bytes(b"3:ab", Err(BencodeFault::End));
        check_bytes(b"3", Err(BencodeFault::End));
        check_bytes(b"03:abc", Err(BencodeFault::Number));
        check_bytes(b"99999999999999999999:a", Err(BencodeFault::Number));
        check_bytes(b"-1:a", Err(BencodeFault::Syntax));
    }

    #[test]
    fn nesting_stops_at_the_bound() {
        check_skip(&nested(MAX_DEPTH), Ok(()));
        check_skip(&nested(MAX_DEPTH + 1), Err(BencodeFault::Deep));
        check_skip(&vec![b'l'; 1 << 20], Err(BencodeFault::Deep));
    }

    #[test]
    fn skip_reads_any_one_value() {
        check_skip(b"d1:ali1e0:de2:bcd1:xlleeee1:ci-7ee", Ok(()));
        check_skip(b"i1ei2e", Err(BencodeFault::Trailing));
        check_skip(b"di1ei2ee", Err(BencodeFault::Syntax));
        check_skip(b"d1:ae", Err(BencodeFault::Syntax));
        check_skip(b"e", Err(BencodeFault::Syntax));
        check_skip(b"", Err(BencodeFault::End));
    }

    #[track_caller]
    fn check_int(input: &[u8], expected: Result<i64, BencodeFault>) {
        assert_eq!(Cursor::new(input).int().map_err(|error| error.fault), expected);
    }

    #[track_caller]
    fn check_bytes(input: &[u8], expected: Result<&[u8], BencodeFault>) {
        assert_eq!(Cursor::new(input).bytes().map_err(|error| error.fault), expected);
    }

    #[track_caller]
    fn check_skip(input: &[u8], expected: Result<(), BencodeFault>) {
        let mut cursor = Cursor::new(input);
        let result = cursor.skip().and_then(|()| cursor.finish());
        assert_eq!(result.map_err(|error| error.fault), expected);
    }

    fn nested(depth: usize) -> Vec<u8> {
        [vec![b'l'; depth], vec![b'e'; depth]].concat()
    }
}
