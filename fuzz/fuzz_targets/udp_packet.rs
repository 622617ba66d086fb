//! Any datagram is read, answered or met with silence; what is answered unverified is no longer
//! than what came.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{
    ScrapeStats,
    udp::{self, ConnectionId, MAX_REPLY_LEN, MAX_SCRAPE_HASHES, Malformed, UdpRequest},
};

fuzz_target!(|datagram: &[u8]| {
    let mut out = [0; MAX_REPLY_LEN];
    match udp::parse(datagram) {
        Ok(UdpRequest::Connect { transaction_id }) => {
            let written = udp::write_connect(&mut out, transaction_id, ConnectionId(7));
            assert!(written == 16 && written <= datagram.len());
        }
        Ok(UdpRequest::Announce { .. }) => assert!(datagram.len() >= 98),
        Ok(UdpRequest::Scrape { transaction_id, info_hashes, .. }) => {
            assert!((1..=MAX_SCRAPE_HASHES).contains(&info_hashes.len()));
            let swarms = info_hashes.iter().map(|_| ScrapeStats::default());
            let written = udp::write_scrape(&mut out, transaction_id, swarms);
            assert_eq!(written, 8 + 12 * info_hashes.len());
        }
        Err(Malformed::Answer { transaction_id, reason, .. }) => {
            let room = datagram.len().min(MAX_REPLY_LEN);
            assert!(!reason.is_empty());
            assert!(udp::write_error(&mut out[..room], transaction_id, reason) <= datagram.len());
        }
        Err(Malformed::Silent) => assert!(datagram.len() < 16 || datagram[8..12] == [0; 4]),
    }
});
