//! The publisher's accent colour, and which colours go with it so that everything stays readable.

use std::fmt;

use thiserror::Error;

/// A colour of sRGB.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

/// Not a colour.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error(
    "`{0}` is not a colour: expected # and three or six hexadecimal digits, such as \"#b3402b\""
)]
pub struct BadColour(String);

impl Colour {
    /// Of usher's pages, where the publisher names none.
    pub const DEFAULT: Self = Self::new(0xb3, 0x40, 0x2b);

    const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// Reads `#rgb` or `#rrggbb`.
    ///
    /// # Errors
    ///
    /// It is written otherwise.
    pub fn parse(text: &str) -> Result<Self, BadColour> {
        let digits = || -> Option<Vec<u8>> {
            let digits = text.strip_prefix('#')?.chars();
            digits.map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect()
        };
        match digits().as_deref() {
            Some(&[red, green, blue]) => Ok(Self::new(red * 17, green * 17, blue * 17)),
            Some(&[a, b, c, d, e, f]) => Ok(Self::new(a * 16 + b, c * 16 + d, e * 16 + f)),
            _ => Err(BadColour(text.chars().take(40).collect())),
        }
    }

    /// The style sheet that gives the pages this accent, in light and in dark.
    pub(super) fn theme(self) -> String {
        let [on, deep] = [self.on_top(), self.deeper()];
        let [light, dark] = [self.readable_on(PAPER), self.readable_on(NIGHT)];
        format!(
            ":root{{--accent:{self};--accent-deep:{deep};--on-accent:{on};--accent-text:{light}}}\n\
             @media (prefers-color-scheme:dark){{:root{{--accent-text:{dark}}}}}\n"
        )
    }

    /// Black or white, whichever is easier to read on this.
    pub(super) fn on_top(self) -> Self {
        if self.contrast(WHITE) >= self.contrast(BLACK) { WHITE } else { BLACK }
    }

    /// A button under the pointer: further from what is written on it.
    fn deeper(self) -> Self {
        let away = if self.on_top() == WHITE { BLACK } else { WHITE };
        self.mixed(away, 2)
    }

    /// As text on a background: itself, or the nearest one that has enough contrast.
    fn readable_on(self, background: Self) -> Self {
        let end = background.on_top();
        let steps = (0..=STEPS).map(|step| self.mixed(end, step));
        steps.into_iter().find(|colour| colour.contrast(background) >= READABLE).unwrap_or(end)
    }

    /// This with so many sixteenths of another.
    fn mixed(self, other: Self, parts: u16) -> Self {
        let mix = |one: u8, two: u8| {
            let sum = u16::from(one) * (STEPS - parts) + u16::from(two) * parts;
            u8::try_from(sum / STEPS).unwrap_or(u8::MAX)
        };
        let [red, green] = [mix(self.red, other.red), mix(self.green, other.green)];
        Self::new(red, green, mix(self.blue, other.blue))
    }

    /// The contrast of two colours, from 1 to 21 (WCAG 2.2).
    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }
}

impl Default for Colour {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

/// What text needs against its background (WCAG 2.2, 1.4.3).
const READABLE: f64 = 4.5;
const STEPS: u16 = 16;
const BLACK: Colour = Colour::new(0, 0, 0);
const WHITE: Colour = Colour::new(0xff, 0xff, 0xff);
/// The darkest background in light, and the lightest in dark, of style.css.
const PAPER: Colour = Colour::new(0xf1, 0xed, 0xe2);
const NIGHT: Colour = Colour::new(0x28, 0x25, 0x1f);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_colour_is_written_in_hexadecimal() {
        for (text, expected) in [("#b3402b", "#b3402b"), ("#FFF", "#ffffff"), ("#1a9", "#11aa99")] {
            assert_eq!(Colour::parse(text).unwrap().to_string(), expected);
        }
        for text in ["", "red", "b3402b", "#b3402", "#b3402b;", "#é0402b", "#+1+2+3", "# b3402b"] {
            let error = Colour::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` is not a colour")), "{error}");
        }
    }

    #[test]
    fn the_theme_is_a_style_sheet_of_colours_alone() {
        let theme = Colour::DEFAULT.theme();
        assert!(
            theme.contains("--accent:#b3402b;") && theme.contains("--on-accent:#ffffff"),
            "{theme}"
        );
        let yellow = Colour::parse("#fd0").unwrap().theme();
        assert!(yellow.contains("--on-accent:#000000"), "{yellow}");
    }

    proptest! {
        #[test]
        fn every_accent_is_readable(red: u8, green: u8, blue: u8) {
            let accent = Colour::new(red, green, blue);
            prop_assert!(accent.contrast(accent.on_top()) >= READABLE);
            prop_assert!(accent.deeper().contrast(accent.on_top()) >= READABLE);
            for background in [PAPER, NIGHT] {
                prop_assert!(accent.readable_on(background).contrast(background) >= READABLE);
            }
        }
    }
}
