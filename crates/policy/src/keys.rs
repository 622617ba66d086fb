//! Passkeys: derived from one secret, verified without a look-up.
//!
//! A passkey is 160 bits: an 80-bit tag, then 80 bits of (member 32, generation 16, item 32)
//! masked by the tag. It is the SIV construction (RFC 5297) for one short message of fixed length,
//! with AES-128 as its pseudo-random function:
//!
//! ```text
//! tag    = AES(tag key,  payload) cut to 80 bits
//! masked = payload ⊕ (AES(mask key, tag) cut to 80 bits)
//! ```
//!
//! In a block of the cipher, 80 bits are two little-endian words of 64, each with the 40 bits that
//! come next in its lower end and zeros above; cutting keeps those 40 of each word. As text, the
//! tag comes first, and of each word the highest bit.
//!
//! *Why AES.* Both messages are shorter than its block, so that a block cipher cut short is the
//! whole of a message authentication code, with nothing to get wrong around it. With the CPU's AES
//! instructions, which the `aes` crate detects at run time, a block takes some 15 ns; without them
//! the crate falls back to a bitsliced form that is slower and constant-time too. SipHash-128 takes
//! about as long a call, but has seen less analysis, and would be bent into a stream cipher here.
//!
//! *What it is worth.* A try at a passkey of the attacker's choosing succeeds with a probability of
//! 2⁻⁸⁰, whatever other passkeys they hold: at a million tries a second that is one hit in thirty
//! thousand million years. Who holds passkeys learns neither ids nor generations from them (below
//! some 2⁴⁰ passkeys, where two tags would meet), and cannot turn one into another member's or
//! another item's. The same grant is always the same passkey, so nothing needs to be stored; each
//! [`Label`] has keys of its own, so a feed's key opens no swarm.
//!
//! Deliberately absent: expiry and revocation, which are the roster's and the rights' matter.

use std::fmt;

use aes::Aes128Enc;
use aes::cipher::consts::{U8, U16, U32};
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use subtle::ConstantTimeEq;
use wire::Passkey;

use crate::base32::{self, Half};
use crate::form_tag::FormTag;
use crate::{Generation, ItemId, MemberId};

/// What a passkey stands for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct KeyGrant {
    /// Whose it is.
    pub member: MemberId,
    /// Which turn of the key it is: of the member's key, or of the member's key for `item`.
    pub generation: Generation,
    /// The one item it opens, or [`ItemId::ANY`].
    pub item: ItemId,
}

/// What a key is for; a key made under one label means nothing under another.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Label {
    /// Announce and scrape URLs.
    Announce,
    /// Downloads of torrents and goods from the site.
    Download,
    /// Feeds.
    Feed,
    /// Links that log a member in.
    Login,
    /// Web seed URLs inside torrents.
    WebSeed,
}

/// The 32 random bytes that all keys derive from. It never prints.
#[derive(Clone)]
pub struct MasterSecret([u8; Self::LEN]);

impl MasterSecret {
    /// Bytes of a secret.
    pub const LEN: usize = 32;

    /// Takes bytes that came from a cryptographic random source.
    pub const fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// What tells this secret from another and gives nothing of it away.
    pub fn mark(&self) -> [u8; 32] {
        blake3::derive_key("usher 2026-11-26 master secret mark", &self.0)
    }
}

impl fmt::Debug for MasterSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterSecret(..)")
    }
}

/// A keyed hash that stands for a passkey brought along from another tracker.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct AliasHash(pub [u8; Self::LEN]);

impl AliasHash {
    /// Bytes of a hash.
    pub const LEN: usize = 16;
}

impl fmt::Debug for AliasHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AliasHash(..)")
    }
}

/// Issues and verifies keys under one master secret, and, while it is being replaced, verifies
/// those of the one before.
#[derive(Clone)]
pub struct Keyring {
    current: Keys,
    previous: Option<Box<Keys>>,
}

impl Keyring {
    /// Derives all keys; `previous` is a secret whose passkeys still answer.
    pub fn new(secret: &MasterSecret, previous: Option<&MasterSecret>) -> Self {
        Self {
            current: Keys::derive(secret),
            previous: previous.map(|secret| Box::new(Keys::derive(secret))),
        }
    }

    /// Makes the key for a grant: the same for the same grant, always.
    pub fn issue(&self, label: Label, grant: KeyGrant) -> Passkey {
        let text = base32::encode(self.current.of(label).seal(grant));
        // The alphabet and the length are within what a passkey may be, so the text is taken whole.
        Passkey::new(&text).unwrap_or_else(|| unreachable!("base32 text is a passkey"))
    }

    /// Reads a key; `None` where it is no key of this label under a secret in force.
    ///
    /// Who it names may still be nobody, and its generation past: ask the roster. Takes the same
    /// time for a wrong tag as for a right one, whichever bits are wrong.
    pub fn verify(&self, label: Label, key: &Passkey) -> Option<KeyGrant> {
        let halves = base32::decode(key.expose().try_into().ok()?)?;
        match self.current.of(label).open(&halves) {
            None => self.verify_previous(label, &halves),
            grant => grant,
        }
    }

    #[cold]
    fn verify_previous(&self, label: Label, halves: &[Half; 2]) -> Option<KeyGrant> {
        self.previous.as_ref()?.of(label).open(halves)
    }

    /// A tag that only the holder of the secret can make for this message: what a page's form proves itself by.
    pub fn form_tag(&self, message: &[u8]) -> FormTag {
        FormTag::new(*blake3::keyed_hash(&self.current.form, message).as_bytes())
    }

    /// The secret that signs what a webhook is sent, which derives from a salt of its own.
    pub fn webhook_secret(&self, salt: &[u8]) -> [u8; 32] {
        *blake3::keyed_hash(&self.current.webhook, salt).as_bytes()
    }

    /// The hash under which another tracker's passkey is kept.
    pub fn alias_hash(&self, passkey: &Passkey) -> AliasHash {
        self.current.alias_hash(passkey)
    }

    /// The hashes under which a passkey may be kept: by the present secret, then by the previous
    /// one, because what is stored only as a hash cannot be hashed anew.
    pub(crate) fn alias_hashes(&self, passkey: &Passkey) -> impl Iterator<Item = AliasHash> {
        std::iter::once(&self.current)
            .chain(self.previous.as_deref())
            .map(|keys| keys.alias_hash(passkey))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(..)")
    }
}

/// What derives from one master secret.
#[derive(Clone)]
struct Keys {
    announce: Seal,
    download: Seal,
    feed: Seal,
    login: Seal,
    web_seed: Seal,
    alias: [u8; blake3::KEY_LEN],
    form: [u8; blake3::KEY_LEN],
    webhook: [u8; blake3::KEY_LEN],
}

impl Keys {
    fn derive(secret: &MasterSecret) -> Self {
        let key = |context| blake3::derive_key(context, &secret.0);
        Self {
            announce: Seal::new(key("usher 2026-11-22 passkey announce")),
            download: Seal::new(key("usher 2026-11-22 passkey download")),
            feed: Seal::new(key("usher 2026-11-22 passkey feed")),
            login: Seal::new(key("usher 2026-11-22 passkey login")),
            web_seed: Seal::new(key("usher 2026-11-22 passkey web seed")),
            alias: key("usher 2026-11-22 passkey alias"),
            form: key("usher 2026-11-30 form"),
            webhook: key("usher 2026-12-01 webhook"),
        }
    }

    const fn of(&self, label: Label) -> &Seal {
        match label {
            Label::Announce => &self.announce,
            Label::Download => &self.download,
            Label::Feed => &self.feed,
            Label::Login => &self.login,
            Label::WebSeed => &self.web_seed,
        }
    }

    fn alias_hash(&self, passkey: &Passkey) -> AliasHash {
        let hash = blake3::keyed_hash(&self.alias, passkey.expose());
        let (start, _) = Array::<u8, U32>::from(*hash.as_bytes()).split::<U16>();
        AliasHash(start.into())
    }
}

/// The two ciphers of one label.
#[derive(Clone)]
struct Seal {
    tag: Aes128Enc,
    mask: Aes128Enc,
}

impl Seal {
    fn new(keys: [u8; 32]) -> Self {
        let (tag, mask) = Array::<u8, U32>::from(keys).split::<U16>();
        Self { tag: Aes128Enc::new(&tag), mask: Aes128Enc::new(&mask) }
    }

    fn seal(&self, grant: KeyGrant) -> [Half; 2] {
        let payload = payload_of(grant);
        let tag = cut_block(&self.tag, &payload);
        [tag, xor(payload, cut_block(&self.mask, &tag))]
    }

    #[inline]
    fn open(&self, [tag, masked]: &[Half; 2]) -> Option<KeyGrant> {
        let payload = xor(*masked, cut_block(&self.mask, tag));
        let [upper, lower] = xor(cut_block(&self.tag, &payload), *tag);
        let genuine = (upper | lower).ct_eq(&0);
        if bool::from(genuine) { grant_of(payload) } else { None }
    }
}

/// Enciphers one block, and keeps 40 bits of each word.
///
/// The words go into the cipher's block and come out of it as they lie in memory. Packed closer,
/// they would be stored and loaded again in other widths in between, which takes as long as AES.
#[inline]
fn cut_block(cipher: &Aes128Enc, &[a, b]: &Half) -> Half {
    let [a, b] = [a, b].map(|word| Array::<u8, U8>::from(word.to_le_bytes()));
    let mut block = a.concat(b);
    cipher.encrypt_block(&mut block);
    let (a, b) = block.split::<U8>();
    [a, b].map(|word| u64::from_le_bytes(word.into()) & LOWER_40)
}

fn xor([a, b]: Half, [c, d]: Half) -> Half {
    [a ^ c, b ^ d]
}

/// A grant in two words: member and upper half of the generation, lower half and item.
fn payload_of(KeyGrant { member, generation, item }: KeyGrant) -> Half {
    let [a, b, c, d] = member.value().to_be_bytes();
    let [e, f] = generation.0.to_be_bytes();
    let [g, h, i, j] = item.0.to_be_bytes();
    [[0, 0, 0, a, b, c, d, e], [0, 0, 0, f, g, h, i, j]].map(u64::from_be_bytes)
}

fn grant_of(payload: Half) -> Option<KeyGrant> {
    let [[.., a, b, c, d, e], [.., f, g, h, i, j]] = payload.map(u64::to_be_bytes);
    Some(KeyGrant {
        member: MemberId::new(u32::from_be_bytes([a, b, c, d]))?,
        generation: Generation(u16::from_be_bytes([e, f])),
        item: ItemId(u32::from_be_bytes([g, h, i, j])),
    })
}

const LOWER_40: u64 = (1 << 40) - 1;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_construction_never_changes() {
        // Bytes once written must verify for as long as somebody's client holds them. The values
        // were computed by an independent program from the description at the head of this file.
        let golden = [
            (Label::Announce, grant(1, 0, 0), "fz3g2jqyn23gqgzdfcpznpdrbiw66l5n"),
            (Label::Announce, grant(7, 1, 42), "fmonq5yvxmhbwg4fmadirbnfq4nwlpxa"),
            (Label::Feed, grant(7, 1, 42), "uudvx4h2quzy6ldjorfz4i2bnphlaxei"),
            (
                Label::WebSeed,
                grant(MemberId::MAX, u16::MAX, u32::MAX),
                "cvknsoqqonvfwi54xkojzj4zalczql3d",
            ),
        ];
        for (label, grant, text) in golden {
            let key = ring(1).issue(label, grant);
            assert_eq!(std::str::from_utf8(key.expose()).unwrap(), text);
            assert_eq!(ring(1).verify(label, &key), Some(grant));
        }
        let alias = ring(1).alias_hash(&Passkey::new(b"hunter2").unwrap());
        assert_eq!(u128::from_be_bytes(alias.0), 0xb96e_4d77_6c86_3c15_1939_e291_f634_6700);
    }

    #[test]
    fn a_forms_tag_is_of_one_message_and_one_secret() {
        let tag = ring(1).form_tag(b"visitor");
        assert!(tag.is(ring(1).form_tag(b"visitor").expose()));
        assert!(!tag.is(ring(2).form_tag(b"visitor").expose()));
        assert!(!tag.is(ring(1).form_tag(b"visitors").expose()));
        assert!(!tag.is(&tag.expose()[1..]) && !tag.is(b""));
        assert_eq!(format!("{tag:?}"), "FormTag(..)");
    }

    #[test]
    fn each_label_has_keys_of_its_own() {
        let labels = [Label::Announce, Label::Download, Label::Feed, Label::Login, Label::WebSeed];
        for issued in labels {
            let key = ring(1).issue(issued, grant(7, 1, 42));
            for label in labels {
                assert_eq!(ring(1).verify(label, &key).is_some(), label == issued);
            }
        }
    }

    #[test]
    fn the_previous_secret_still_verifies_and_no_other() {
        let key = ring(1).issue(Label::Announce, grant(7, 1, 0));
        let rotated = Keyring::new(&secret(2), Some(&secret(1)));
        assert_eq!(rotated.verify(Label::Announce, &key), Some(grant(7, 1, 0)));
        assert_ne!(rotated.issue(Label::Announce, grant(7, 1, 0)), key);
        assert_eq!(ring(2).verify(Label::Announce, &key), None);
    }

    #[test]
    fn capitals_and_other_lengths_are_refused() {
        let key = ring(1).issue(Label::Announce, grant(7, 1, 0));
        let text = key.expose();
        for other in [&text.to_ascii_uppercase()[..], &text[1..], &[text, b"a"].concat(), b"a"] {
            let other = Passkey::new(other).unwrap();
            assert_eq!(ring(1).verify(Label::Announce, &other), None);
        }
    }

    #[test]
    fn a_member_beyond_the_limit_is_refused() {
        let ring = ring(1);
        let seal = ring.current.of(Label::Announce);
        let payload = [u64::from(MemberId::MAX + 1) << 8, 0];
        let tag = cut_block(&seal.tag, &payload);
        assert_eq!(seal.open(&[tag, xor(payload, cut_block(&seal.mask, &tag))]), None);
        assert!(seal.open(&seal.seal(grant(MemberId::MAX, 0, 0))).is_some());
    }

    #[test]
    fn a_mark_is_one_secrets_and_does_not_hold_it() {
        assert_eq!(secret(1).mark(), secret(1).mark());
        assert_ne!(secret(1).mark(), secret(2).mark());
        assert_ne!(secret(1).mark(), [1; 32]);
    }

    #[test]
    fn secrets_never_print() {
        let alias = ring(1).alias_hash(&Passkey::new(b"hunter2").unwrap());
        assert_eq!(
            format!("{:?} {:?} {alias:?}", secret(1), ring(1)),
            "MasterSecret(..) Keyring(..) AliasHash(..)"
        );
    }

    proptest! {
        #[test]
        fn what_is_issued_verifies(member in 1..=MemberId::MAX, generation: u16, item: u32) {
            let grant = grant(member, generation, item);
            let key = ring(1).issue(Label::Announce, grant);
            prop_assert_eq!(ring(1).verify(Label::Announce, &key), Some(grant));
        }

        #[test]
        fn no_changed_character_verifies(place in 0..32usize, other in "[a-z2-7]") {
            let key = ring(1).issue(Label::Announce, grant(7, 1, 42));
            let mut text = key.expose().to_vec();
            prop_assume!(text[place] != other.as_bytes()[0]);
            text[place] = other.as_bytes()[0];
            let changed = Passkey::new(&text).unwrap();
            prop_assert_eq!(ring(1).verify(Label::Announce, &changed), None);
        }
    }

    fn secret(byte: u8) -> MasterSecret {
        MasterSecret::new([byte; MasterSecret::LEN])
    }

    fn ring(byte: u8) -> Keyring {
        Keyring::new(&secret(byte), None)
    }

    fn grant(member: u32, generation: u16, item: u32) -> KeyGrant {
        KeyGrant {
            member: MemberId::new(member).unwrap(),
            generation: Generation(generation),
            item: ItemId(item),
        }
    }
}
