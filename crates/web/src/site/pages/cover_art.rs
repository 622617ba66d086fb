//! The cover of an item that has none: shapes and colours that its name decides, with its title on them.
//!
//! The same name always gives the same picture. Deliberately absent: randomness, and fonts beyond the reader's own.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Draws a cover as SVG.
pub(super) fn draw(name: &str, title: &str) -> String {
    let mut dice = Dice::of(name);
    let palette = Palette::of(&mut dice);
    let mut svg = String::with_capacity(4096);
    svg.push_str("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 300 400\"><defs>");
    let Palette { top, bottom, .. } = &palette;
    put(
        &mut svg,
        format_args!(
            "<linearGradient id=\"g\" x2=\"0\" y2=\"1\"><stop stop-color=\"{top}\"/><stop offset=\"1\" \
         stop-color=\"{bottom}\"/></linearGradient></defs><rect width=\"300\" height=\"400\" fill=\"url(#g)\"/>"
        ),
    );
    let motifs: [fn(&mut String, &mut Dice, &Palette); 7] =
        [rings, skyline, tiles, hills, stripes, peaks, petals];
    let motif = usize::try_from(dice.below(7)).ok().and_then(|number| motifs.get(number));
    motif.unwrap_or(&motifs[0])(&mut svg, &mut dice, &palette);
    write_title(&mut svg, title);
    svg.push_str("</svg>");
    svg
}

/// The title in lines at the top.
fn write_title(svg: &mut String, title: &str) {
    let lines = lines(title);
    let size = if lines.iter().any(|line| line.chars().count() > 14) { 24 } else { 27 };
    put(
        svg,
        format_args!(
            "<text fill=\"#fff\" font-family=\"Noto Serif,Iowan Old Style,Palatino,Georgia,serif\" font-size=\"{size}\">"
        ),
    );
    for (line, baseline) in lines.iter().zip([46, 80, 114, 148]) {
        put(svg, format_args!("<tspan x=\"22\" y=\"{baseline}\">{}</tspan>", escaped(line)));
    }
    svg.push_str("</text>");
}

/// A title in as many lines as there is room for; what is left out shows as dots.
fn lines(title: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let words = title.split_whitespace().flat_map(|word| {
        let letters: Vec<char> = word.chars().take(MAX_TITLE).collect();
        letters.chunks(LINE).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>()
    });
    for word in words.take(MAX_TITLE) {
        let is_full = lines.len() == MAX_LINES;
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= LINE => {
                line.push(' ');
                line.push_str(&word);
            }
            Some(line) if is_full => {
                line.push('…');
                break;
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// Text as XML can hold it.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => {}
            _ if c.is_control() => {}
            _ => safe.push(c),
        }
    }
    safe
}

/// A sun with rings around it.
fn rings(svg: &mut String, dice: &mut Dice, palette: &Palette) {
    let (x, y) = (140 + dice.below(21), 215 + dice.below(40));
    let light = &palette.light;
    put(svg, format_args!("<g fill=\"none\" stroke=\"{light}\" stroke-opacity=\".45\">"));
    for ring in 1..=8 {
        put(svg, format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{}\"/>", 46 + ring * 23));
    }
    let radius = 38 + dice.below(14);
    put(svg, format_args!("</g><circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{light}\"/>"));
}

/// Bars like a town or a sound at night, and a moon.
fn skyline(svg: &mut String, dice: &mut Dice, palette: &Palette) {
    let (moon, side) = (palette.light.clone(), 90 + 120 * dice.below(2));
    put(svg, format_args!("<circle cx=\"{side}\" cy=\"190\" r=\"32\" fill=\"{moon}\"/>"));
    let phase = f64::from(dice.below(628)) / 100.0;
    svg.push_str("<g fill=\"#0d0d12\" fill-opacity=\".5\">");
    for bar in 0..25u32 {
        let wave = (f64::from(bar) / 3.9 + phase).sin() * 42.0;
        let height = 130.0 + wave + f64::from(dice.below(12));
        put(
            svg,
            format_args!(
                "<rect x=\"{}\" y=\"{:.0}\" width=\"4\" height=\"{height:.0}\"/>",
                bar * 12 + 4,
                400.0 - height
            ),
        );
    }
    svg.push_str("</g>");
}

/// Tiles, as of a piano roll.
fn tiles(svg: &mut String, dice: &mut Dice, palette: &Palette) {
    for row in 0..8u32 {
        for column in 0..7u32 {
            if dice.below(5) < 2 {
                continue;
            }
            let width = if dice.below(3) == 0 && column < 6 { 32 } else { 15 };
            let colour = hsl(palette.hue + dice.below(90), 62, 52 + dice.below(22));
            put(
                svg,
                format_args!(
                    "<rect x=\"{}\" y=\"{}\" width=\"{width}\" height=\"15\" rx=\"2\" fill=\"{colour}\"/>",
                    22 + column * 37,
                    178 + row * 26
                ),
            );
        }
    }
}

/// Hills behind each other.
fn hills(svg: &mut String, dice: &mut Dice, palette: &Palette) {
    let hue = palette.hue + 110 + dice.below(60);
    for hill in 0..5u32 {
        let (base, swing) = (190 + hill * 42, 22 + dice.below(34));
        let colour = hsl(hue, 24, 33 - hill * 5);
        let (up, down) = (base - swing, base + swing);
        put(
            svg,
            format_args!(
                "<path fill=\"{colour}\" d=\"M0 {base}C60 {up} 90 {up} 150 {base}S250 {down} 300 {}V400H0Z\"/>",
                base - dice.below(20)
            ),
        );
    }
}

/// A sun that sets in stripes.
fn stripes(svg: &mut String, dice: &mut Dice, palette: &Palette) {
    let (light, y) = (&palette.light, 255 + dice.below(25));
    put(
        svg,
        format_args!(
            "<clipPath id=\"c\"><circle cx=\"150\" cy=\"{y}\" r=\"92\"/></clipPath><g clip-path=\"url(#c)\" fill=\"{light}\">"
        ),
    );
    for stripe in 0..9u32 {
        let height = 20 - stripe * 2;
        put(
            svg,
            format_args!(
                "<rect x=\"50\" y=\"{}\" width=\"200\" height=\"{height}\"/>",
                y - 92 + stripe * 21
            ),
        );
    }
    svg.push_str("</g>");
}

/// Mountains.
fn peaks(svg: &mut String, dice: &mut Dice, palette: &Palette) {
    let (light, x) = (&palette.light, 70 + dice.below(160));
    put(svg, format_args!("<circle cx=\"{x}\" cy=\"185\" r=\"24\" fill=\"{light}\"/>"));
    for range in 0..4u32 {
        let colour = hsl(palette.hue + 20 * range, 28, 38 - range * 8);
        put(svg, format_args!("<path fill=\"{colour}\" d=\"M-20 400"));
        let mut x = 0;
        while x < 340 {
            let top = 200 + range * 42 + dice.below(36);
            put(
                svg,
                format_args!(
                    "L{x} {top}L{} {}",
                    x + 30 + dice.below(20),
                    top + 40 + dice.below(30)
                ),
            );
            x += 62 + dice.below(46);
        }
        svg.push_str("L340 400Z\"/>");
    }
}

/// Circles that overlap like petals.
fn petals(svg: &mut String, dice: &mut Dice, palette: &Palette) {
    let (count, light) = (5 + dice.below(4), &palette.light);
    let turn = f64::from(dice.below(360));
    put(
        svg,
        format_args!(
            "<g fill=\"{light}\" fill-opacity=\".28\" stroke=\"{light}\" stroke-opacity=\".5\">"
        ),
    );
    for petal in 0..count {
        let angle = (f64::from(petal) * 360.0 / f64::from(count) + turn).to_radians();
        let (x, y) = (150.0 + 58.0 * angle.cos(), 260.0 + 58.0 * angle.sin());
        put(svg, format_args!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"62\"/>"));
    }
    put(svg, format_args!("</g><circle cx=\"150\" cy=\"260\" r=\"16\" fill=\"{light}\"/>"));
}

/// The colours of one cover: dark at the top, where the title stands.
struct Palette {
    hue: u32,
    top: String,
    bottom: String,
    light: String,
}

impl Palette {
    fn of(dice: &mut Dice) -> Self {
        let hue = dice.below(24) * 15;
        let turn = 20 + dice.below(50);
        Self {
            top: hsl(hue, 36, 21),
            bottom: hsl(hue + turn, 42, 52),
            light: hsl(hue + turn / 2, 78, 77),
            hue,
        }
    }
}

fn hsl(hue: u32, saturation: u32, lightness: u32) -> String {
    format!("hsl({},{saturation}%,{lightness}%)", hue % 360)
}

/// Numbers that a name decides (SplitMix64).
struct Dice(u64);

impl Dice {
    fn of(name: &str) -> Self {
        let digest = Sha256::digest(name.as_bytes());
        let (head, _) = digest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        Self(u64::from_be_bytes(*head))
    }

    /// A number below a bound.
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((mixed ^ (mixed >> 31)) % u64::from(bound.max(1))).unwrap_or(0)
    }
}

/// Writing to memory does not fail.
fn put(svg: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = svg.write_fmt(text);
}

/// Letters that fit beside each other.
const LINE: usize = 17;
const MAX_LINES: usize = 4;
/// Letters of a word, and words, that are looked at.
const MAX_TITLE: usize = 100;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_name_has_one_cover_and_names_have_many() {
        assert_eq!(draw("film", "Film"), draw("film", "Film"));
        let names: Vec<String> = (0..200).map(|number| format!("item-{number}")).collect();
        let covers: BTreeSet<String> = names.iter().map(|name| draw(name, "Film")).collect();
        assert!(covers.len() > 195, "{}", covers.len());
        assert!(covers.iter().all(|cover| cover.len() < 8000));
    }

    #[test]
    fn a_title_is_broken_into_lines_and_escaped() {
        for (title, expected) in [
            ("Signal", &["Signal"][..]),
            ("Nothing So Plain", &["Nothing So Plain"]),
            ("Night bus sessions, part two", &["Night bus", "sessions, part", "two"]),
            ("  a\n b ", &["a b"]),
            ("", &[]),
        ] {
            assert_eq!(lines(title), expected, "{title:?}");
        }
        let long = lines(&"word ".repeat(1000));
        assert_eq!((long.len(), long.last().map(|line| line.ends_with('…'))), (4, Some(true)));
        assert!(lines(&"x".repeat(5000)).iter().all(|line| line.chars().count() <= LINE + 1));
        let hostile = draw("x", "</text><script>alert(1)</script>&\u{0}\u{ffff}");
        assert!(!hostile.contains("<script") && !hostile.contains('\u{0}'), "{hostile}");
    }
}
