//! The pages in a real browser, against the built daemon: each test is a way that people go.

mod accessibility;
mod browser;
mod buying;
mod desk;
mod giving;
mod paying;
mod playing;
mod seat;
mod shop;
mod signing_in;
mod stripe;

use browser::{Browser, Mode, processes_of};

#[test]
fn a_browser_leaves_nothing() {
    let Some(browser) = Browser::start(Mode::Usual) else { return };
    let profile = browser.profile().to_owned();
    assert!(!processes_of(&profile).is_empty());
    drop(browser);
    assert!(processes_of(&profile).is_empty() && !profile.exists());
}
