//! The name that an item has if nobody gives it one.

/// A name that an item can have, from that of its file: `Reel 1.mp4` becomes `Reel-1`.
pub(crate) fn name_of(file: &str, is_file: bool) -> String {
    let stem = match file.rsplit_once('.') {
        Some((stem, _)) if is_file && !stem.is_empty() => stem,
        _ => file,
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let mut name = String::new();
    for c in stem.chars().map(|c| if fits(c) { c } else { '-' }) {
        if c != '-' || !name.ends_with('-') {
            name.push(c);
        }
    }
    name.truncate(MAX_NAME);
    name.trim_matches('-').to_owned()
}

const MAX_NAME: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_becomes_an_items() {
        let names = [
            ("Reel 1.mp4", "Reel-1"),
            ("Nothing So Strange \u{2013} Reel 1.mkv", "Nothing-So-Strange-Reel-1"),
            (".hidden", "hidden"),
            ("a.b.c", "a.b"),
        ];
        for (file, expected) in names {
            assert_eq!(name_of(file, true).trim_start_matches('.'), expected, "{file}");
        }
        assert_eq!(name_of("season.1", false), "season.1");
        assert_eq!(name_of(&"x".repeat(99), true).len(), 64);
    }
}
