//! Any bytes in a request line are read or refused, within the bounds that `wire` documents.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::http::{self, HttpRequest, MAX_SCRAPE_HASHES, MAX_TARGET_LEN, TargetError};

fuzz_target!(|target: &[u8]| match http::parse_target(target) {
    Ok(request) => {
        assert!(target.len() <= MAX_TARGET_LEN);
        if let HttpRequest::Scrape(scrape) = request {
            assert!((1..=MAX_SCRAPE_HASHES).contains(&scrape.info_hashes().count()));
        }
    }
    Err(error) => assert_eq!(error == TargetError::TooLong, target.len() > MAX_TARGET_LEN),
});
