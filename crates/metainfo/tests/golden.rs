//! Info hashes that mktorrent 1.1 (v1) and libtorrent 2.0.8 (v2, hybrid) gave the trees.
//!
//! `real_tools.rs` asks the tools themselves.

mod common;

use common::{TREES, make, options};
use metainfo::{Torrent, TorrentVersion};

#[test]
fn info_hashes_are_those_of_real_tools() {
    let folder = tempfile::tempdir().unwrap();
    for (tree, expected) in TREES.iter().zip(EXPECTED) {
        let root = tree.plant(folder.path());
        let read = |format| Torrent::read(&make(&root, &options(format))).unwrap();
        let v1 = |torrent: &Torrent| torrent.info_hash_v1.unwrap().to_string();
        let v2 = |torrent: &Torrent| torrent.info_hash_v2.unwrap().to_string();
        assert_eq!(v1(&read(TorrentVersion::V1)), expected[0], "{} v1", tree.name);
        // libtorrent makes no torrent without content.
        if !expected[1].is_empty() {
            let hybrid = read(TorrentVersion::Hybrid);
            let found = [v2(&read(TorrentVersion::V2)), v1(&hybrid), v2(&hybrid)];
            assert_eq!(found, expected[1..], "{} v2, hybrid", tree.name);
        }
    }
}

/// For each tree: v1, v2, and both of the hybrid.
const EXPECTED: [[&str; 4]; TREES.len()] = [
    [
        "4feb190c5beacc7c16f5315edb74e392b60e565d",
        "9974ac6ea448aa175ed6014ac6ec4dac3e8ebb85f13f3e018a182d7bfda2de63",
        "848dd2da4c628cdd271c79009774ff63ceb53c96",
        "20eb05401df248140df1eec7331d475e46aee2479c5cc3a7f2a9f1e9c28e82be",
    ],
    [
        "bf1ffd1291b1a48a53fa1c0df7b7079d2161bff1",
        "373724f3b092e2642258aa9264464948d239951cbb8c43491cef6712988e40b8",
        "5e48a2745bce8f6b9c08205e535c498b64586acc",
        "29aba029e53f778391425227d487f0d3192f3c66ed61f59b63d451752e602cca",
    ],
    [
        "d0de2576a2235e7e9a1f182f6663bcb179f7aa29",
        "5d242b83b86cdc2005e5a85688f94c0d041351e74c0ab93e0c94a7b8845abbe8",
        "261fa002d8c26e877cc945634c2fafe14b326d73",
        "97d8dcfcd3030e307e83eede08f5e7db77577218d6859d20dc1b0e1ad840bcd0",
    ],
    ["9b8b2aaa85be082f27fd6e3f1eee028aeae31cdb", "", "", ""],
    [
        "216db2938a19406abfd5aad8a26c2985ad47d7bf",
        "fc950c01d7048729818d7fde3f07c19811e2d0e603fa9a5e820cf3834d0f5d39",
        "6efe61eb6e06f50ca57df649ffdb166090ac0406",
        "c7fc7b24d0f44b2d61f0653a1bed762002528cb6b6ecefb0fd0a67ad5c0e5c41",
    ],
    [
        "69d9dad9323f07f1f1247ea3897550065c035cb8",
        "cfd963c85bf525efacbd3a9619a29a6d469003ed233c4224397fdcad91188dff",
        "64f387516e3f65d6999c8d96dea489bca5fb0595",
        "da3501408b7556f6a8b2d20c383b81593794dd96ad3e9afe9956683dbcb6d454",
    ],
    [
        "5df7d6925d360b3ec52da8057a3de5120d7d594f",
        "67f2da7c6fc5c376b893b621e35beee4e4002d80b5447ceb068014c9a5c4e382",
        "e90a659397630be868c7f367158393cdb54cef4f",
        "46174145f3905adbe02964e8ce02781fe852d1205f9d2549f372eaf62c101f90",
    ],
    [
        "69b2e506c487539804c2bc6742af0d87e1494aaf",
        "0c02f0c84716263ed5266bc4f77a0b3c39752583bcbbaa9b1669ad855acaa44e",
        "15103beb551c4a8540ad30538538684f3b093988",
        "f5100d9b91b0e99e158fd7e831fac185c6d52248a7b91e820d19205e1162aaf7",
    ],
    [
        "8a4c95e3216819e5d50fd33237697ff8843e4c2f",
        "7555085df2074d3357905703b279f91eb8e6e13a84cede460e4dacc4c2cded1d",
        "686ba36ae1560d6316382c98946038b817ad9f6f",
        "fad134b41e9b67f0500fb0b9838c10a4422a360178367a59c2093bed2d5b7935",
    ],
    [
        "033f984ed84c20f4514a834a4a502faa468dc915",
        "3e7b4d8f81e95d73d02d234aa026cec5882d80c5499940ed4d66927abb704923",
        "f03b8b8c77ac8b6a9fbb931f81bd9252783639f7",
        "5972901ad398a9a01cdc0f0af2872f144143737b1b09f4ee3b9322d3ff94c583",
    ],
    [
        "585b3678d37aee1808f86499d27538906c6cff59",
        "f9481296da96c86c542db5d390737b7dc0adaa3f0237bf8dac09855ca051c01a",
        "c7d914b0e04cab11953ab50550328232883a16b2",
        "b4a5df21b54fba9b25ace8046d693b1a595d784ec13b131e8b279b70999f6e1b",
    ],
];
