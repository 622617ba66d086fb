//! Torrents as URLs: where a web seed has one (BEP 19), and magnet links (BEP 9, 53).

use thiserror::Error;

use crate::Torrent;

impl Torrent {
    /// The web seed URL to put into the torrent when its content is served beneath `base`, which
    /// ends in a slash: the file's own URL for a single file, `base` for a folder, where clients
    /// append `name/path` (BEP 19).
    ///
    /// WebTorrent does not append the name of a single file, so it is spelled out.
    pub fn web_seed_url(&self, base: &str) -> String {
        let mut url = base.to_owned();
        if self.is_single_file() {
            percent_encode(self.name.as_bytes(), &mut url);
        }
        url
    }

    /// The URL of one file when the content is served beneath `base`, by its index in
    /// [`files`](Self::files).
    pub fn file_url(&self, base: &str, index: usize) -> Option<String> {
        let file = self.files.get(index)?;
        let mut url = base.to_owned();
        if !self.is_single_file() {
            percent_encode(self.name.as_bytes(), &mut url);
            url.push('/');
        }
        for (place, name) in file.path.names().enumerate() {
            if place > 0 {
                url.push('/');
            }
            percent_encode(name, &mut url);
        }
        Some(url)
    }

    /// The magnet link, for a torrent that anybody may have: its trackers and web seeds are part of
    /// it.
    ///
    /// # Errors
    ///
    /// Fails for a private torrent: a client does not know that it is one until it has asked the
    /// DHT for it.
    pub fn magnet(&self, trackers: &[&str], web_seeds: &[&str]) -> Result<String, PrivateTorrent> {
        if self.private {
            return Err(PrivateTorrent);
        }
        let mut topics: Vec<String> =
            self.info_hash_v1.iter().map(|hash| format!("xt=urn:btih:{hash}")).collect();
        // 12 and 20: a multihash of SHA-256, 32 bytes.
        topics.extend(self.info_hash_v2.iter().map(|hash| format!("xt=urn:btmh:1220{hash}")));
        let mut url = format!("magnet:?{}", topics.join("&"));
        let mut put = |key: &str, value: &[u8]| {
            url.push_str(key);
            percent_encode(value, &mut url);
        };
        put("&dn=", self.name.as_bytes());
        put("&xl=", self.length.to_string().as_bytes());
        trackers.iter().for_each(|tracker| put("&tr=", tracker.as_bytes()));
        web_seeds.iter().for_each(|seed| put("&ws=", seed.as_bytes()));
        Ok(url)
    }
}

/// A private torrent can't have a magnet link.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a private torrent can't have a magnet link")]
pub struct PrivateTorrent;

/// Appends a name as one segment of a URL's path: all but unreserved characters (RFC 3986) encoded.
fn percent_encode(bytes: &[u8], url: &mut String) {
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                url.push(char::from(*byte))
            }
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_web_seed_names_a_single_file_but_not_a_folder() {
        assert_eq!(
            torrent("6:lengthi5e4:name7:a #\u{e9}.b", "").web_seed_url("http://w/t/"),
            "http://w/t/a%20%23%C3%A9.b"
        );
        assert_eq!(
            torrent("5:filesld6:lengthi5e4:pathl1:aeee4:name1:n", "").web_seed_url("http://w/t/"),
            "http://w/t/"
        );
    }

    #[test]
    fn a_file_has_a_url_of_its_own() {
        let single = torrent("6:lengthi5e4:name7:a #\u{e9}.b", "");
        assert_eq!(single.file_url("w/", 0).as_deref(), Some("w/a%20%23%C3%A9.b"));
        let folder = torrent("5:filesld6:lengthi5e4:pathl1:a3:b ceee4:name1:n", "");
        assert_eq!(folder.file_url("w/", 0).as_deref(), Some("w/n/a/b%20c"));
        assert_eq!(folder.file_url("w/", 1), None);
    }

    #[test]
    fn a_magnet_names_hash_name_length_trackers_and_seeds() {
        let magnet = torrent("6:lengthi5e4:name3:a&b", "")
            .magnet(&["http://t/announce?a=1"], &["http://w/a"]);
        assert_eq!(
            magnet.unwrap(),
            "magnet:?xt=urn:btih:34e2808671eea75577c45b7e199ff1b4f8ab7bb4&dn=a%26b&xl=5&tr=http%3A%2F%2Ft%2Fannounce%3Fa%3D1&ws=http%3A%2F%2Fw%2Fa"
        );
    }

    #[test]
    fn a_private_torrent_has_no_magnet() {
        let torrent = torrent("6:lengthi5e4:name1:a", "7:privatei1e");
        assert_eq!(torrent.magnet(&[], &[]), Err(PrivateTorrent));
    }

    fn torrent(files: &str, private: &str) -> Torrent {
        let info =
            format!("d{files}12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaa{private}e");
        Torrent::read(format!("d4:info{info}e").as_bytes()).unwrap()
    }
}
