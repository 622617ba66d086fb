//! Names as Transmission changes them.
//!
//! In a folder it saves each name in a form that Windows accepts, on every system, and asks web seeds for the name
//! that it saved. Versions 3 and 4 differ in device names and in control characters; what is here was seen of 3.00,
//! and is in the source of 4.

use crate::{File, FileKind, Torrent};

impl Torrent {
    /// Finds the file of a folder that Transmission means by this path; `None` if it may mean several, or
    /// none.
    ///
    /// O(n) in files, so try [`find`](Self::find) first.
    pub fn find_renamed(&self, path: &[u8]) -> Option<usize> {
        if self.is_single_file() {
            return None;
        }
        let is_meant = |file: &File| {
            let mut asked = path.split(|byte| *byte == b'/');
            let mut names = self.name.names().chain(file.path.names());
            names.all(|name| asked.next().is_some_and(|asked| is_renamed(name, asked)))
                && asked.next().is_none()
        };
        let files = self.files.iter().enumerate().filter(|(_, file)| file.kind == FileKind::Data);
        let mut meant = files.filter(|(_, file)| is_meant(file));
        let (index, _) = meant.next()?;
        meant.next().is_none().then_some(index)
    }
}

/// Whether a version of Transmission asks for `asked` instead of this name.
fn is_renamed(name: &[u8], asked: &[u8]) -> bool {
    // No version changes these, and most names differ in them: so most cost no allocation.
    fn kept(name: &[u8]) -> impl Iterator<Item = &u8> {
        name.iter().filter(|byte| byte.is_ascii_alphanumeric())
    }
    kept(name).eq(kept(asked)) && (version_3(name) == asked || version_4(name) == asked)
}

/// The name that version 3 saves; empty if it refuses the torrent.
pub(crate) fn version_3(name: &[u8]) -> Vec<u8> {
    let mut kept = name.trim_ascii_start();
    while let [rest @ .., last] = kept
        && (*last == b'.' || last.is_ascii_whitespace())
    {
        kept = rest;
    }
    let is_replaced = |byte: u8| is_forbidden(byte) || byte.is_ascii_control() && byte != 0x7f;
    let mut saved: Vec<u8> =
        kept.iter().map(|byte| if is_replaced(*byte) { b'_' } else { *byte }).collect();
    if let Some(length) = device(&saved) {
        saved.insert(length, b'_');
    }
    saved
}

/// The name that version 4 saves.
pub(crate) fn version_4(name: &[u8]) -> Vec<u8> {
    let mut kept = name.trim_ascii();
    while let Some(rest) = kept.strip_suffix(b".") {
        kept = rest;
    }
    let device = device(kept).map(|_| b'_');
    let replaced = kept.iter().map(|byte| if is_forbidden(*byte) { b'_' } else { *byte });
    device.into_iter().chain(replaced).collect()
}

/// The length of the device's name that a file is named after on Windows, as `con.txt` is.
fn device(name: &[u8]) -> Option<usize> {
    let stem = name.split(|byte| *byte == b'.').next()?;
    is_device(stem).then_some(stem.len())
}

/// Whether Windows reads the name, without an extension, as that of a device.
pub(crate) fn is_device(stem: &[u8]) -> bool {
    match &*stem.to_ascii_uppercase() {
        b"CON" | b"PRN" | b"AUX" | b"NUL" => true,
        [b'C', b'O', b'M', digit] | [b'L', b'P', b'T', digit] => digit.is_ascii_digit(),
        _ => false,
    }
}

/// Whether no name on Windows may hold it.
pub(crate) fn is_forbidden(byte: u8) -> bool {
    b"\"*:<>?|".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_what_was_seen_of_version_3() {
        for (name, saved) in [
            ("Episode 1: Intro.mkv", "Episode 1_ Intro.mkv"),
            ("What? \"Why\" <a|b> *.mkv", "What_ _Why_ _a_b_ _.mkv"),
            ("con.txt", "con_.txt"),
            ("Con", "Con_"),
            ("COM1.a.b", "COM1_.a.b"),
            ("com10.txt", "com10.txt"),
            ("aux .x", "aux .x"),
            ("dots...", "dots"),
            ("dot. .", "dot"),
            (" space ", "space"),
            ("a\tb", "a_b"),
            (". x", ". x"),
            ("...", ""),
        ] {
            assert_eq!(version_3(name.as_bytes()), saved.as_bytes(), "{name}");
        }
    }

    #[test]
    fn version_4_marks_devices_in_front_and_keeps_control_characters() {
        for (name, saved) in
            [("con.txt", "_con.txt"), ("a\tb?", "a\tb_"), (" dot. .", "dot. "), ("plain", "plain")]
        {
            assert_eq!(version_4(name.as_bytes()), saved.as_bytes(), "{name}");
        }
    }

    #[test]
    fn a_file_is_found_where_only_one_is_meant() {
        let torrent = folder("Talks: 2", &["1: a", "b?", "b*", "con.txt", "plain_name"]);
        let find = |path: &str| torrent.find_renamed(path.as_bytes());
        assert_eq!(find("Talks_ 2/1_ a"), Some(0));
        assert_eq!(find("Talks_ 2/con_.txt"), find("Talks_ 2/_con.txt"));
        assert_eq!(find("Talks_ 2/con_.txt"), Some(3));
        for path in
            ["Talks_ 2/b_", "Talks: 2/1_ a", "Talks_ 2/1_ a/", "Talks_ 2", "Talks_ 2/", "", "1_ a"]
        {
            assert_eq!(find(path), None, "{path}");
        }
    }

    fn folder(name: &str, files: &[&str]) -> Torrent {
        let string = |text: &str| format!("{}:{text}", text.len());
        let file = |path: &&str| format!("d6:lengthi1e4:pathl{}ee", string(path));
        let files: String = files.iter().map(file).collect();
        let text = format!(
            "d4:infod5:filesl{files}e4:name{}12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee",
            string(name)
        );
        Torrent::read(text.as_bytes()).unwrap()
    }
}
