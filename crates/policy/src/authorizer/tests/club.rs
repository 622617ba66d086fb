//! An authorizer with all that belongs to it, and one member.

use wire::{InfoHash, PeerId};

use super::super::*;
use crate::{Generation, MasterSecret};

/// An authorizer with all that belongs to it, and one member, ada.
pub(super) struct Club {
    pub(super) rules: Rules,
    pub(super) keyring: Keyring,
    pub(super) aliases: Aliases,
    pub(super) roster: Roster,
    pub(super) rights: Entitlements,
}

impl Club {
    pub(super) fn new() -> Self {
        Self {
            rules: Rules::default(),
            keyring: Keyring::new(&MasterSecret::new([2; 32]), None),
            aliases: Aliases::default(),
            roster: Roster::new(),
            rights: Entitlements::default(),
        }
    }

    pub(super) fn authorizer(&self) -> Authorizer<'_> {
        let Self { rules, keyring, aliases, roster, rights } = self;
        Authorizer { rules, keyring, aliases, roster, rights }
    }

    pub(super) fn tier(&self, name: &str) -> TierId {
        self.rules.tiers.find(name).unwrap()
    }

    /// An item for members alone.
    pub(super) fn item(&self, id: ItemId) -> ItemRules {
        ItemRules { id, policy: Some(self.policy(CLUB)), tier: None }
    }

    pub(super) fn policy(&self, name: &str) -> PolicyId {
        self.rules.policies.find(name).unwrap()
    }

    pub(super) fn standing(&self, tier: &str, until: u32) -> Standing {
        Standing {
            tier: self.tier(tier),
            until,
            then: TierId::OUTSIDER,
            state: MemberState::Active,
            generation: Generation(0),
            old_key_until: 0,
        }
    }

    pub(super) fn hold(&self, tier: &str, until: u32) {
        self.roster.set(ada(), self.standing(tier, until));
    }

    pub(super) fn grant(&self, item: ItemId, until: u32) {
        self.rights.set(item, ada(), Right { until, ..Right::default() });
    }

    /// An announce with ada's own key.
    pub(super) fn key(&self) -> Announce {
        self.key_of_turn(0)
    }

    pub(super) fn key_of_turn(&self, generation: u16) -> Announce {
        self.keyed(member_grant(generation))
    }

    /// An announce with ada's key for the item.
    pub(super) fn item_key(&self, generation: u16) -> Announce {
        self.keyed(KeyGrant { item: ITEM, ..member_grant(generation) })
    }

    pub(super) fn keyed(&self, grant: KeyGrant) -> Announce {
        Announce { passkey: Some(self.keyring.issue(Label::Announce, grant)), ..announce() }
    }

    /// How ada is seated in a tier, where she left `numwant` to the tracker.
    pub(super) fn seat(&self, tier: &str, side: Side) -> Admission {
        let tier = self.tier(tier);
        let numwant = self.rules.tiers.tier(tier).peers.numwant();
        Admission { member: Some(ada()), numwant, tier, side, ..Admission::STRANGER }
    }
}

pub(super) fn ada() -> MemberId {
    MemberId::new(7).unwrap()
}

pub(super) fn member_grant(generation: u16) -> KeyGrant {
    KeyGrant { member: ada(), generation: Generation(generation), item: ItemId::ANY }
}

pub(super) fn announce() -> Announce {
    Announce {
        info_hash: InfoHash([1; 20]),
        peer_id: PeerId(*b"-TR4060-abcdefghijkl"),
        port: 51413,
        uploaded: 0,
        downloaded: 0,
        left: 1000,
        event: AnnounceEvent::None,
        numwant: None,
        key: None,
        passkey: None,
        compact: true,
        no_peer_id: true,
    }
}

pub(super) const ITEM: ItemId = ItemId(42);
pub(super) const NOW: u32 = 1_800_000_000;
pub(super) const FREE: &str = "free";
pub(super) const PRIORITY: &str = "priority";
pub(super) const CLUB: &str = "club";
