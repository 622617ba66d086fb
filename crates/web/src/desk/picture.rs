//! Numbers as inline SVG, for pages without scripts.

use std::fmt::Write;

/// A line through numbers, 100 wide and 24 high; empty for fewer than two.
pub(super) fn sparkline(numbers: &[f64]) -> String {
    if numbers.len() < 2 {
        return String::new();
    }
    let most = numbers.iter().copied().fold(f64::MIN, f64::max);
    let least = numbers.iter().copied().fold(f64::MAX, f64::min);
    let span = if most > least { most - least } else { 1.0 };
    let last = f64::from(u32::try_from(numbers.len().saturating_sub(1)).unwrap_or(u32::MAX));
    let mut points = String::new();
    for (place, number) in numbers.iter().enumerate() {
        let place = f64::from(u32::try_from(place).unwrap_or(u32::MAX));
        let _ = write!(
            points,
            "{:.1},{:.1} ",
            place / last * 100.0,
            22.0 - (number - least) / span * 20.0
        );
    }
    format!("<polyline points=\"{}\"/>", points.trim_end())
}

/// A client as a dot of a swarm's picture.
#[derive(Clone, Debug)]
pub(super) struct Dot {
    pub(super) is_inside: bool,
    pub(super) is_seeder: bool,
    /// From 0 to 1.
    pub(super) progress: f64,
}

/// The picture of a swarm, 300 by 300: members within the circle, strangers around it, seeders larger, and paler
/// the more is missing. At most [`MAX_DOTS`].
pub(super) fn swarm(dots: &[Dot]) -> String {
    let mut svg = String::new();
    for is_inside in [true, false] {
        let side: Vec<_> =
            dots.iter().filter(|dot| dot.is_inside == is_inside).take(MAX_DOTS / 2).collect();
        let count = f64::from(u32::try_from(side.len()).unwrap_or(1).max(1));
        for (place, dot) in side.into_iter().enumerate() {
            let place = f64::from(u32::try_from(place).unwrap_or(u32::MAX));
            // A sunflower: each dot turns by the golden angle, and area is shared evenly.
            let share = (place + 0.5) / count;
            let radius =
                if is_inside { 80.0 * share.sqrt() } else { (1.0 + share * 1.0).sqrt() * 98.0 };
            let (sin, cos) = (place * GOLDEN_ANGLE).sin_cos();
            let class = if is_inside { "in" } else { "out" };
            let size = if dot.is_seeder { 5.0 } else { 3.2 };
            let strength = if dot.is_seeder { 1.0 } else { 0.3 + 0.6 * dot.progress };
            let _ = write!(
                svg,
                "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{size}\" opacity=\"{strength:.2}\"/>",
                150.0 + radius * cos,
                150.0 + radius * sin
            );
        }
    }
    svg
}

/// Radians between one dot and the next.
const GOLDEN_ANGLE: f64 = 2.399_963;
/// Dots of a picture.
const MAX_DOTS: usize = 600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_from_edge_to_edge() {
        assert_eq!(sparkline(&[1.0]), "");
        assert_eq!(
            sparkline(&[0.0, 5.0, 10.0]),
            "<polyline points=\"0.0,22.0 50.0,12.0 100.0,2.0\"/>"
        );
        assert_eq!(sparkline(&[3.0, 3.0]), "<polyline points=\"0.0,22.0 100.0,22.0\"/>");
    }

    #[test]
    fn dots_stay_in_the_picture_and_are_bounded() {
        let dot = |is_inside| Dot { is_inside, is_seeder: true, progress: 1.0 };
        let dots: Vec<_> = (0..2000).map(|number| dot(number % 2 == 0)).collect();
        let svg = swarm(&dots);
        assert_eq!(svg.matches("<circle").count(), MAX_DOTS);
        for part in svg.split("cx=\"").skip(1) {
            let x: f64 = part.split('"').next().unwrap().parse().unwrap();
            assert!((5.0..=295.0).contains(&x), "{x}");
        }
    }
}
