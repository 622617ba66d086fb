//! The goods of the demonstration, made on the spot: music, pictures, a booklet, and a short film.

use std::f32::consts::TAU;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Writes a piece of music of this many seconds: slow chords over a root in hertz, 16-bit mono WAV.
pub(super) fn music(path: &Path, root: f32, seconds: u32) -> io::Result<()> {
    let samples = seconds * SAMPLE_RATE;
    let mut bytes = wav_header(samples * 2);
    for sample in 0..samples {
        let at = f64::from(sample) / f64::from(SAMPLE_RATE);
        bytes.extend(quantized(chord(at, root)).to_le_bytes());
    }
    write(path, &bytes)
}

/// A chord that changes every four seconds and swells within each.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a fraction of a second"
)]
fn chord(at: f64, root: f32) -> f32 {
    const STEPS: [[f32; 3]; 4] =
        [[1.0, 1.25, 1.5], [0.8333, 1.0, 1.25], [0.6667, 0.8333, 1.0], [0.75, 0.9375, 1.125]];
    let index = (at / 4.0) as usize % STEPS.len();
    let within = (at % 4.0) as f32;
    let swell = (within / 4.0 * TAU / 2.0).sin();
    let notes = STEPS.get(index).copied().unwrap_or_default();
    let sum: f32 = notes
        .iter()
        .map(|ratio| {
            let phase = (at * f64::from(root * ratio)).fract() as f32 * TAU;
            phase.sin() + 0.3 * (2.0 * phase).sin()
        })
        .sum();
    sum * swell / 5.0
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "clamped to the range")]
fn quantized(value: f32) -> i16 {
    (value.clamp(-1.0, 1.0) * 32_767.0) as i16
}

fn wav_header(data_bytes: u32) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend(b"RIFF");
    header.extend((36 + data_bytes).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16_u32.to_le_bytes());
    // PCM, one channel.
    header.extend([1_u8, 0, 1, 0]);
    header.extend(SAMPLE_RATE.to_le_bytes());
    header.extend((SAMPLE_RATE * 2).to_le_bytes());
    header.extend([2_u8, 0, 16, 0]);
    header.extend(b"data");
    header.extend(data_bytes.to_le_bytes());
    header
}

/// Writes a page of a comic, as SVG.
pub(super) fn comic_page(path: &Path, number: u32) -> io::Result<()> {
    let hue = 250 + number * 9;
    let comet = 80 + number * 37 % 440;
    let page = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 600 900'>\
         <rect width='600' height='900' fill='hsl({hue} 45% 22%)'/>\
         <g fill='hsl({hue} 60% 82%)'><circle cx='{comet}' cy='{y}' r='34'/>\
         <path d='M{comet} {y} l-220 -60 l30 70 z' opacity='.5'/></g>\
         <path d='M0 640 q150 -120 300 0 t300 0 V900 H0 z' fill='hsl({hue} 40% 14%)'/>\
         <text x='300' y='860' fill='#fff' font-family='serif' font-size='28' text-anchor='middle'>{number}</text>\
         </svg>",
        y = 180 + number * 53 % 300,
    );
    write(path, page.as_bytes())
}

/// Writes a booklet of one page, as PDF.
pub(super) fn booklet(path: &Path, title: &str) -> io::Result<()> {
    let text = format!("BT /F1 28 Tf 72 720 Td ({title}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>".to_owned(),
    ];
    let mut pdf = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in (1_u32..).zip(&objects) {
        places.push(pdf.len());
        write!(pdf, "{number} 0 obj\n{object}\nendobj\n")?;
    }
    let table = pdf.len();
    write!(pdf, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1)?;
    for place in places {
        // A row has twenty bytes, the last of which is the newline.
        writeln!(pdf, "{place:010} 00000 n ")?;
    }
    write!(
        pdf,
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n",
        objects.len() + 1
    )?;
    write(path, &pdf)
}

/// Writes a film of 36 seconds that every browser plays.
pub(super) fn film(path: &Path) -> io::Result<()> {
    write(path, FILM)
}

/// Writes a file, and the folders above it.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}

const SAMPLE_RATE: u32 = 22_050;
/// Colours that move, and a tone: 384 by 216 pixels, VP9 and Opus. An encoder would be many times the size of the
/// film.
const FILM: &[u8] = include_bytes!("../../assets/reel.webm");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn music_says_how_long_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("album").join("one.wav");
        music(&path, 220.0, 2).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 44 + 2 * 22_050 * 2);
        assert_eq!(bytes[40..44], 88_200_u32.to_le_bytes());
        assert!(bytes[44..].chunks(2).any(|sample| sample != [0, 0]), "silent");
    }

    #[test]
    fn a_booklets_table_of_objects_is_right() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("booklet.pdf");
        booklet(&path, "Signal").unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let (_, table) = text.split_once("xref\n").unwrap();
        let places = table.lines().skip(2).take(5).map(|line| &line[..10]);
        for (number, place) in (1..).zip(places) {
            let place: usize = place.parse().unwrap();
            assert!(text[place..].starts_with(&format!("{number} 0 obj")), "{number}");
        }
    }
}
