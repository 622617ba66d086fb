//! Members' own torrents differ in nothing but where to look for peers and web seeds.

mod common;

use common::{FORMATS, TREES, make, options};
use metainfo::{Personal, Torrent, personalise};

#[test]
fn a_thousand_members_have_one_info_hash() {
    let folder = tempfile::tempdir().unwrap();
    let root = TREES[5].plant(folder.path());
    for format in FORMATS {
        let bytes = make(&root, &options(format));
        let torrent = Torrent::read(&bytes).unwrap();
        for member in 0..1000 {
            let announce = format!("https://tracker.example/announce/{member:032}");
            let web_seed =
                torrent.web_seed_url(&format!("https://tracker.example/ws/{member:032}/"));
            let mut personal = Vec::new();
            personalise(
                &bytes,
                &Personal { announce: &announce, web_seeds: &[&web_seed], ..Personal::default() },
                &mut personal,
            )
            .unwrap();

            let read = Torrent::read(&personal).unwrap();
            assert_eq!(personal[read.info_span()], bytes[torrent.info_span()]);
            assert_eq!(
                (read.info_hash_v1, read.info_hash_v2),
                (torrent.info_hash_v1, torrent.info_hash_v2)
            );
            assert_eq!((read.trackers, read.web_seeds), (vec![announce], vec![web_seed]));
            assert_eq!(read.has_piece_layers, torrent.has_piece_layers);
        }
    }
}

#[test]
fn an_empty_personal_gives_the_torrent_back() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = make(&TREES[5].plant(folder.path()), &options(metainfo::TorrentVersion::Hybrid));
    let mut personal = Vec::new();
    personalise(
        &bytes,
        &Personal { announce: "a", web_seeds: &["w"], ..Personal::default() },
        &mut personal,
    )
    .unwrap();
    let mut back = Vec::new();
    personalise(&personal, &Personal::default(), &mut back).unwrap();
    assert_eq!(back, bytes);
}
