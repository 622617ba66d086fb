//! A film that plays in the library, from the publisher's own copy.

use std::process::Command;

use tests::{Goods, eventually, skip_without};
use thirtyfour::Key;

use crate::browser::{Browser, Mode, WebAnswer};
use crate::shop::Shop;

#[test]
fn a_film_plays_in_the_library_and_goes_on_where_its_reader_seeks() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        skip_without("ffmpeg");
        return;
    }
    let Some(browser) = Browser::start(Mode::Recording) else { return };
    let shop = Shop::open(TIERS);
    let goods = film();
    let published = goods.publish(&shop, "film", "club");
    shop.json(&["item", "set", "film", "--title", "Night Film"]);
    shop.member("ada", "patron");
    browser.open(&shop.sign_in("ada").0);
    browser.click("Sign in");
    browser.is_at("/library");
    browser.click("Watch");
    // From the summary to the film, which has the keys of every player.
    browser.press(Key::Tab);
    browser.press(Key::Space);
    let time = || browser.run("return document.querySelector('video').currentTime").as_f64();
    eventually("the film plays", || time().filter(|time| *time > 0.0));
    let size = browser.run("return document.querySelector('video').videoWidth");
    assert_eq!(size, 320);
    let begun = browser.answers("film.webm");
    assert!(begun.iter().all(|answer| answer.status == 206), "{begun:?}");
    assert_eq!(begun.first().and_then(WebAnswer::first_byte), Some(0));

    browser.run("document.querySelector('video').currentTime = 25");
    eventually("the film plays there", || time().filter(|time| *time > 25.2));
    // It was too far ahead to be there already.
    let length = published["size_bytes"].as_u64().unwrap();
    let answers = browser.answers("film.webm");
    let far = answers.iter().filter_map(WebAnswer::first_byte).max();
    assert!(far > Some(length / 2), "{answers:?} of {length}");
    assert_eq!(browser.errors(), [""; 0]);
}

/// Thirty seconds of noise, which do not fit into what a browser reads ahead.
#[track_caller]
fn film() -> Goods {
    let goods = Goods::folder("film", &[("film.webm", 1)]);
    let source = "testsrc2=size=320x240:rate=10:duration=30,noise=alls=80:allf=t";
    let made = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            source,
            "-c:v",
            "libvpx",
            "-deadline",
            "realtime",
        ])
        .args(["-cpu-used", "8", "-b:v", "4M", "-qmin", "4", "-qmax", "20", "-g", "20", "-y"])
        .arg(goods.place("film.webm"))
        .status();
    assert!(made.expect("ffmpeg runs").success());
    goods
}

/// Faster than the film, and slow enough that its end is not there before it is asked for.
const TIERS: &str = "tiers:
- {id: outsider}
- {id: patron, side: inside, entitles: all, webseed: {enabled: true, rate: 1MiB/s, concurrency: 8}}
";
