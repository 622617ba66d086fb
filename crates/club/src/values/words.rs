//! The words of a text, as they are searched for.
//!
//! Both databases are given words that were split here, so that they find the same. Deliberately
//! absent: stems and synonyms, which depend on the language; every word of a search also finds longer words
//! that begin with it.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text without accents, in lower case.
pub(crate) fn fold(text: &str) -> impl Iterator<Item = char> {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase)
}

/// The different words of some texts, in their order and at most so many. Each is letters and digits
/// alone, and has at most 40 characters.
///
/// A character of a script that is written without spaces is a word by itself.
pub(crate) fn words<'a>(texts: impl IntoIterator<Item = &'a str>, max: usize) -> Vec<String> {
    let mut found = WordList { known: HashSet::new(), words: Vec::new(), max };
    for text in texts {
        let mut word = String::new();
        let mut length = 0;
        for c in fold(text) {
            if found.words.len() >= max {
                return found.words;
            }
            let is_word = c.is_alphanumeric() && is_without_spaces(c);
            if !c.is_alphanumeric() || is_word {
                found.add(std::mem::take(&mut word));
                length = 0;
            }
            if is_word {
                found.add(c.to_string());
            } else if c.is_alphanumeric() && length < MAX_LENGTH {
                word.push(c);
                length += 1;
            }
        }
        found.add(word);
    }
    found.words
}

struct WordList {
    known: HashSet<String>,
    words: Vec<String>,
    max: usize,
}

impl WordList {
    fn add(&mut self, word: String) {
        if !word.is_empty() && self.words.len() < self.max && self.known.insert(word.clone()) {
            self.words.push(word);
        }
    }
}

/// Whether it is of Thai, Lao, Burmese, Khmer, Japanese or Chinese, which have no spaces between words.
const fn is_without_spaces(c: char) -> bool {
    matches!(
        c,
        '\u{e01}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'
    )
}

/// The longest word, in characters; what is longer is cut.
const MAX_LENGTH: usize = 40;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_letters_and_digits_without_accents() {
        for (text, expected) in [
            ("The Bridge, at Night!", "the bridge at night"),
            ("ÜBER-Köln café", "uber koln cafe"),
            ("s01e02.The_Bridge.1080p.mkv", "s01e02 the bridge 1080p mkv"),
            ("l'amour l’amour", "l amour"),
            ("橋の映画 film", "橋 の 映 画 film"),
            ("ﬁlm ＡＢＣ", "film abc"),
            ("a\0b % * \" ' \\ ; -- 🎬", "a b"),
            ("İstanbul", "istanbul"),
            ("", ""),
        ] {
            assert_eq!(words([text], 99).join(" "), expected, "{text}");
        }
        assert_eq!(words(["a b a c", "d"], 3), ["a", "b", "c"]);
        assert_eq!(words([&*"ä".repeat(99)], 9), ["a".repeat(40)]);
    }

    proptest! {
        #[test]
        fn any_text_has_words_that_are_bounded(text: String, max in 0_usize..9) {
            let found = words([&*text], max);
            prop_assert!(found.len() <= max);
            for word in found {
                prop_assert!((1..=MAX_LENGTH).contains(&word.chars().count()));
                prop_assert!(word.chars().all(char::is_alphanumeric));
            }
        }
    }
}
