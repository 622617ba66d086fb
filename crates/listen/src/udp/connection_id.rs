//! Connection ids that need no memory of whom they were given to (BEP 15).
//!
//! An id is the full 64 bits of SipHash-2-4, keyed at random at every start, over the epoch and the
//! address: who can show it has received a datagram there within the last three epochs. The port is
//! left out, since address translators change it. Guessing one takes 2^63 datagrams on average.

use std::net::IpAddr;

use siphasher::sip::SipHasher24;
use wire::udp::ConnectionId;

/// Issues and checks connection ids.
#[derive(Clone)]
pub struct ConnectionIds {
    hasher: SipHasher24,
}

/// What an id says of the datagram that shows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IdVerdict {
    /// Issued to this address long ago: its owner may be told so, briefly.
    Expired,
    /// Never issued to this address: silence.
    Forged,
    /// Issued to this address of late.
    Valid,
}

impl ConnectionIds {
    /// Takes the secret that makes ids unguessable.
    pub fn new(key: &[u8; 16]) -> Self {
        Self { hasher: SipHasher24::new_with_key(key) }
    }

    /// The id for an address; good for 128 to 192 seconds.
    pub fn issue(&self, ip: IpAddr, now_secs: u32) -> ConnectionId {
        self.at(ip, epoch(now_secs))
    }

    /// Judges an id. Costs one hash for a fresh id, ten for a forged one.
    pub fn check(&self, id: ConnectionId, ip: IpAddr, now_secs: u32) -> IdVerdict {
        let now = epoch(now_secs);
        let age = (0..MAX_EPOCHS).find(|age| self.at(ip, now.wrapping_sub(*age)) == id);
        match age {
            Some(0..VALID_EPOCHS) => IdVerdict::Valid,
            Some(_) => IdVerdict::Expired,
            None => IdVerdict::Forged,
        }
    }

    fn at(&self, ip: IpAddr, epoch: u32) -> ConnectionId {
        let [a, b, c, d] = epoch.to_be_bytes();
        ConnectionId(match ip {
            IpAddr::V4(ip) => {
                let [e, f, g, h] = ip.octets();
                self.hasher.hash(&[a, b, c, d, e, f, g, h])
            }
            IpAddr::V6(ip) => {
                let mut bytes = [0; 20];
                let (first, rest) = bytes.split_at_mut(4);
                first.copy_from_slice(&[a, b, c, d]);
                rest.copy_from_slice(&ip.octets());
                self.hasher.hash(&bytes)
            }
        })
    }
}

const fn epoch(now_secs: u32) -> u32 {
    now_secs / EPOCH_SECS
}

const EPOCH_SECS: u32 = 64;
/// BEP 15 asks for two minutes.
const VALID_EPOCHS: u32 = 3;
/// Some clients hold on to an id for five minutes and more; they are told, others are not.
const MAX_EPOCHS: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_lasts_128_to_192_seconds() {
        for issued in [1000, 1023, 1024, 1087] {
            let id = ids().issue(ADA, issued);
            assert_eq!(ids().check(id, ADA, issued + 128), IdVerdict::Valid);
            assert_eq!(ids().check(id, ADA, issued + 192), IdVerdict::Expired);
        }
    }

    #[test]
    fn after_ten_epochs_nobody_knows_it() {
        let id = ids().issue(ADA, 640);
        assert_eq!(ids().check(id, ADA, 640 + 9 * 64), IdVerdict::Expired);
        assert_eq!(ids().check(id, ADA, 640 + 10 * 64), IdVerdict::Forged);
    }

    #[test]
    fn another_address_or_key_cannot_use_it() {
        let id = ids().issue(ADA, 1000);
        assert_eq!(ids().check(id, BOB, 1000), IdVerdict::Forged);
        assert_eq!(ConnectionIds::new(&[8; 16]).check(id, ADA, 1000), IdVerdict::Forged);
    }

    #[test]
    fn one_flipped_bit_is_a_forgery() {
        let ConnectionId(id) = ids().issue(ADA, 1000);
        for bit in 0..64 {
            assert_eq!(ids().check(ConnectionId(id ^ 1 << bit), ADA, 1000), IdVerdict::Forged);
        }
    }

    const ADA: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 1));
    const BOB: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    fn ids() -> ConnectionIds {
        ConnectionIds::new(&[7; 16])
    }
}
