//! The code of a voucher: 128 random bits and a check character, in Crockford's base 32.
//!
//! 26 characters hold the number, the 27th is it modulo 37. A code is what somebody types from
//! paper: case and hyphens do not matter, `O` is `0`, `I` and `L` are `1`. Of the five characters
//! that only check, a code ends with `U` alone; shells and addresses give the others a meaning.

use std::fmt;

use sha2::{Digest, Sha256};

/// A voucher's code. Whoever has it can redeem the voucher; `{:?}` does not show it.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct VoucherCode(u128);

impl VoucherCode {
    /// A new one from the system's randomness.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        loop {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes)?;
            let code = Self(u128::from_be_bytes(bytes));
            if !AWKWARD.contains(&code.check_character()) {
                return Ok(code);
            }
        }
    }

    /// The one of an order that is a gift, worked out from the order's unguessable name.
    pub(crate) fn of_order(token: &str) -> Self {
        let mut digest = Sha256::digest(format!("usher gift {token}"));
        loop {
            let (bytes, _) = digest.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
            let code = Self(u128::from_be_bytes(*bytes));
            if !AWKWARD.contains(&code.check_character()) {
                return code;
            }
            digest = Sha256::digest(digest);
        }
    }

    /// Reads what a person types.
    ///
    /// # Errors
    ///
    /// It can't be the code of a voucher; likely it was mistyped.
    pub fn parse(text: &str) -> Result<Self, BadCode> {
        let typed: Vec<u8> =
            text.bytes().filter(|b| !matches!(b, b'-' | b' ')).map(canonical).collect();
        let Some(([first, digits @ ..], [check])) = typed.split_first_chunk::<DIGITS>() else {
            return Err(BadCode);
        };
        let mut number = value(*first).filter(|value| *value < FIRST_MAX).ok_or(BadCode)?;
        for digit in digits {
            number = number << 5 | value(*digit).ok_or(BadCode)?;
        }
        let code = Self(number);
        if code.check_character() == *check { Ok(code) } else { Err(BadCode) }
    }

    /// What the store keeps of it.
    ///
    /// One round of SHA-256 is enough for what can't be guessed, and every database and shell
    /// that an operator may look with has it.
    pub(crate) fn hash(self) -> [u8; 32] {
        Sha256::digest(self.0.to_be_bytes()).into()
    }

    fn check_character(self) -> u8 {
        symbol(self.0 % 37)
    }
}

impl fmt::Display for VoucherCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in (0..DIGITS).rev() {
            let digit = symbol(self.0 >> (place * 5) & 31);
            write!(f, "{}", char::from(digit))?;
            if place % 5 == 1 {
                f.write_str("-")?;
            }
        }
        write!(f, "{}", char::from(self.check_character()))
    }
}

impl fmt::Debug for VoucherCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VoucherCode(..)")
    }
}

/// What was typed is not the code of a voucher.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this is no voucher's code: look for a mistyped character")]
pub struct BadCode;

fn canonical(byte: u8) -> u8 {
    match byte.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    }
}

/// The value of a symbol of the first 32.
fn value(symbol: u8) -> Option<u128> {
    let place = SYMBOLS.iter().take(32).position(|known| *known == symbol)?;
    u128::try_from(place).ok()
}

fn symbol(value: u128) -> u8 {
    let place = usize::try_from(value).unwrap_or(usize::MAX);
    SYMBOLS.get(place).copied().unwrap_or(b'?')
}

const SYMBOLS: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";
const AWKWARD: &[u8] = b"*~$=";
const DIGITS: usize = 26;
/// 26 digits have 130 bits, of which the first two are 0.
const FIRST_MAX: u128 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_was_printed_or_as_people_type_it() {
        #[track_caller]
        fn check(number: u128, printed: &str) {
            assert_eq!(VoucherCode(number).to_string(), printed);
            let lower = printed.to_lowercase();
            let sloppy = printed.replace('-', " ").replace('0', "o").replace('1', "l");
            for typed in [printed, &lower, &sloppy, &printed.replace('-', "")] {
                assert_eq!(VoucherCode::parse(typed), Ok(VoucherCode(number)), "{typed}");
            }
        }
        check(0, "00000-00000-00000-00000-00000-00");
        check(1, "00000-00000-00000-00000-00000-11");
        check(36, "00000-00000-00000-00000-00001-4U");
        check(u128::MAX, "7ZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-Z*");
    }

    #[test]
    fn one_wrong_character_or_two_swapped_are_noticed() {
        let code = VoucherCode(0x0123_4567_89ab_cdef_0fed_cba9_8765_4321);
        let printed = code.to_string().replace('-', "").into_bytes();
        let parse = |typed: &[u8]| VoucherCode::parse(std::str::from_utf8(typed).unwrap());
        for place in 0..printed.len() {
            for symbol in SYMBOLS {
                let mut typed = printed.clone();
                typed[place] = *symbol;
                assert_eq!(parse(&typed).is_ok(), printed[place] == *symbol);
            }
            let mut typed = printed.clone();
            typed.swap(place, (place + 1) % printed.len());
            assert_eq!(parse(&typed).is_ok(), typed == printed);
            assert!(parse(&printed[..place]).is_err());
        }
        assert!(parse(&[&printed[..], b"0"].concat()).is_err());
        assert!(VoucherCode::parse("8ZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-Z0").is_err());
    }

    #[test]
    fn random_codes_differ_and_end_with_no_awkward_character() {
        let codes: Vec<_> = (0..200).map(|_| VoucherCode::random().unwrap().to_string()).collect();
        let distinct: std::collections::BTreeSet<_> = codes.iter().collect();
        assert_eq!(distinct.len(), codes.len());
        assert!(codes.iter().all(|code| !code.contains(['*', '~', '$', '='])));
    }

    #[test]
    fn each_order_has_one_code_that_is_fit_to_print() {
        let code = |order: u32| VoucherCode::of_order(&format!("{order:032x}"));
        let codes: Vec<_> = (0..500).map(|order| code(order).to_string()).collect();
        let distinct: std::collections::BTreeSet<_> = codes.iter().collect();
        assert_eq!(distinct.len(), codes.len());
        assert!(codes.iter().all(|code| !code.contains(['*', '~', '$', '='])));
        assert_eq!((0..500).map(|order| code(order).to_string()).collect::<Vec<_>>(), codes);
    }

    #[test]
    fn a_code_does_not_reach_a_log() {
        assert_eq!(format!("{:?}", VoucherCode(7)), "VoucherCode(..)");
    }
}
