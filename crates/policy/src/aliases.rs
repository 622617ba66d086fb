//! Passkeys that members brought along from another tracker.
//!
//! They are looked up, because they derive from nothing; only their keyed hash is kept. Asked only
//! about a passkey whose tag is not ours.

use dashmap::DashMap;
use foldhash::fast::RandomState;
use wire::Passkey;

use crate::{AliasHash, KeyGrant, Keyring};

/// Which grant an imported passkey stands for.
///
/// Its map is sharded: reading takes one shard's lock for the time of a look-up.
#[derive(Debug, Default)]
pub struct Aliases {
    grants: DashMap<AliasHash, KeyGrant, RandomState>,
}

impl Aliases {
    /// Lets the passkey behind `alias` stand for a grant, until that grant's generation is past.
    pub fn set(&self, alias: AliasHash, grant: KeyGrant) {
        self.grants.insert(alias, grant);
    }

    /// The grant behind a passkey, hashed under either of the keyring's secrets.
    pub fn find(&self, keyring: &Keyring, passkey: &Passkey) -> Option<KeyGrant> {
        if self.grants.is_empty() {
            return None;
        }
        keyring.alias_hashes(passkey).find_map(|hash| self.grants.view(&hash, |_, grant| *grant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Generation, ItemId, MasterSecret, MemberId};

    #[test]
    fn an_alias_answers_under_either_secret() {
        let old = MasterSecret::new([1; 32]);
        let passkey = Passkey::new(b"0123456789abcdef0123456789abcdef").unwrap();
        let hash = Keyring::new(&old, None).alias_hash(&passkey);
        let aliases = Aliases::default();
        aliases.set(hash, ada());

        let rotated = Keyring::new(&MasterSecret::new([2; 32]), Some(&old));
        assert_eq!(aliases.find(&Keyring::new(&old, None), &passkey), Some(ada()));
        assert_eq!(aliases.find(&rotated, &passkey), Some(ada()));
        let finished = Keyring::new(&MasterSecret::new([2; 32]), None);
        assert_eq!(aliases.find(&finished, &passkey), None);
    }

    fn ada() -> KeyGrant {
        KeyGrant { member: MemberId::new(7).unwrap(), generation: Generation(0), item: ItemId::ANY }
    }
}
