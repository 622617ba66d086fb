//! The one decision: may this peer announce, and as whom.
//!
//! It looks, in this order, at what costs least and says most: the client and its port, the
//! passkey, the member behind it, the item that the passkey is for, whether there is such an item,
//! and at last whether the item is open to the caller. The first that fails is the answer.
//!
//! *Stops are never refused.* A client repeats a `stopped` until it succeeds, and one that is let
//! in gives nothing away: it gets no peers, and where anything else would have been refused,
//! [`Admission::refused`] says so, and the caller should tell it no counts either.
//!
//! *Seeding without a right.* Members whose right to an item has run out may go on seeding it. One
//! without a passkey may not: what others take for a seeder they connect to, and then it can just
//! as well download; a member who does that can be found and suspended. Nor may one whose right was
//! taken back, as it is after a lost dispute.
//!
//! *A passkey that fails is refused*, not seated outside, even where a stranger is let in: who has
//! one should hear that it no longer works.
//!
//! Deliberately absent: what needs a session or a swarm (too many clients, too early, too full).

use wire::{Announce, AnnounceEvent, Passkey};

use crate::{
    Aliases, Audience, Entitlements, ItemId, KeyGrant, Keyring, Label, MemberId, MemberState,
    PolicyId, Refusal, Right, Roster, Rules, Side, Standing, TierId, UnknownTorrents, Warning,
};

/// What decides, as it stands at the time of one announce.
#[derive(Clone, Copy, Debug)]
pub struct Authorizer<'a> {
    /// The publisher's rules.
    pub rules: &'a Rules,
    /// Verifies passkeys.
    pub keyring: &'a Keyring,
    /// Passkeys of other trackers.
    pub aliases: &'a Aliases,
    /// Where members stand.
    pub roster: &'a Roster,
    /// Who has a right to what.
    pub rights: &'a Entitlements,
}

/// The item that an info hash belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ItemRules {
    /// Which it is.
    pub id: ItemId,
    /// How its swarm is run; `None` for an item that is closed.
    pub policy: Option<PolicyId>,
    /// The lowest tier that is entitled to it, if any is to it alone.
    pub tier: Option<TierId>,
}

/// How a peer is let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Admission {
    /// Whose client it is; `None` for a stranger's.
    pub member: Option<MemberId>,
    /// How many peers it gets.
    pub numwant: u32,
    /// How it is treated.
    pub tier: TierId,
    /// Where it sits. Always outside in the swarm of an unknown torrent.
    pub side: Side,
    /// What it should be told.
    pub warning: Option<Warning>,
    /// Why anything but this `stopped` would have been refused.
    pub refused: Option<Refusal>,
}

/// What a member may have of an item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AccessDetails {
    /// The member's tier, now.
    pub tier: TierId,
    /// Whether the tier, a right to the item, or one to all is in force.
    pub entitled: bool,
    /// Where the member sits in the item's swarm.
    pub side: Side,
    /// Whether a tier or a right that would have entitled has run out.
    pub lapsed: bool,
    /// Whether the tier has run out, and is kept for the time of grace.
    pub in_grace: bool,
    /// Whether the right was taken back, and nothing else entitles.
    pub revoked: bool,
}

impl Authorizer<'_> {
    /// Decides about one announce; `item` is `None` for an unknown torrent.
    ///
    /// A pure function of its arguments and of what the authorizer looks at: it changes nothing, and
    /// allocates nothing.
    ///
    /// # Errors
    ///
    /// Fails with the reason that the client is to be told; never for `stopped`.
    pub fn admit(
        &self,
        announce: &Announce,
        item: Option<ItemRules>,
        now_unix: u32,
    ) -> Result<Admission, Refusal> {
        match self.decide(announce, item, now_unix) {
            Ok(admission) if announce.event == AnnounceEvent::Stopped => {
                Ok(Admission { numwant: 0, ..admission })
            }
            Err(refusal) if announce.event == AnnounceEvent::Stopped => {
                // A member whom anything else is refused may still take its own client out.
                let grant = announce.passkey.as_ref().and_then(|passkey| self.grant_of(passkey));
                let member = grant.map(|grant| grant.member);
                Ok(Admission { member, refused: Some(refusal), ..Admission::STRANGER })
            }
            decision => decision,
        }
    }

    /// Checks a passkey as an announce would, whatever item it opens.
    ///
    /// # Errors
    ///
    /// Fails with the reason that an announce with it is refused for.
    pub fn check_passkey(&self, passkey: &Passkey, now_unix: u32) -> Result<(), Refusal> {
        self.holder(passkey, now_unix).map(|_| ())
    }

    /// The member whose passkey this is, while the key opens that item and the account may be used.
    pub fn member(&self, passkey: &Passkey, item: ItemId, now_unix: u32) -> Option<MemberId> {
        let holder = self.holder(passkey, now_unix).ok()?;
        holder.grant.opens(Some(item)).then_some(holder.grant.member)
    }

    /// What a member may have of an item: the same answer for announces, downloads and feeds.
    /// `None` for a member who is unknown, removed or suspended.
    pub fn access(
        &self,
        member: MemberId,
        item: ItemRules,
        now_unix: u32,
    ) -> Option<AccessDetails> {
        let standing = self.roster.standing(member)?;
        let is_active = standing.state == MemberState::Active;
        let right = self.rights.right(item.id, member);
        is_active.then(|| self.access_of(member, standing, item, right, now_unix))
    }

    fn decide(
        &self,
        announce: &Announce,
        item: Option<ItemRules>,
        now_unix: u32,
    ) -> Result<Admission, Refusal> {
        self.check_client(announce)?;
        let holder = self.identify(announce, now_unix)?;
        if holder.is_some_and(|holder| !holder.grant.opens(item.map(|item| item.id))) {
            return Err(Refusal::KeyOfAnotherItem);
        }
        let admission = match (item, holder) {
            (None, _) if self.rules.unknown_torrents == UnknownTorrents::Deny => {
                return Err(Refusal::TorrentUnknown);
            }
            (None, None) => Admission::STRANGER,
            (None, Some(holder)) => self.seat_in_unknown_torrent(holder, now_unix),
            (Some(item), None) => self.seat_stranger(item)?,
            (Some(item), Some(holder)) => self.seat_member(announce, item, holder, now_unix)?,
        };
        let gets_peers = admission.warning != Some(Warning::SeedingOnly);
        let peers = self.rules.tiers.tier(admission.tier).peers;
        let numwant = if gets_peers { peers.limit(announce.numwant) } else { 0 };
        Ok(Admission { numwant, ..admission })
    }

    fn check_client(&self, announce: &Announce) -> Result<(), Refusal> {
        if !self.rules.clients.admits(&announce.peer_id) {
            return Err(Refusal::ClientForbidden);
        }
        let cannot_listen =
            announce.port == 0 || self.rules.forbidden_ports.contains(announce.port);
        if cannot_listen && announce.event != AnnounceEvent::Stopped {
            return Err(Refusal::PortForbidden);
        }
        Ok(())
    }

    /// Finds the member behind a passkey; `Ok(None)` where none was sent.
    fn identify(&self, announce: &Announce, now_unix: u32) -> Result<Option<KeyHolder>, Refusal> {
        announce.passkey.as_ref().map(|passkey| self.holder(passkey, now_unix)).transpose()
    }

    fn holder(&self, passkey: &Passkey, now_unix: u32) -> Result<KeyHolder, Refusal> {
        let grant = self.grant_of(passkey).ok_or(Refusal::PasskeyUnknown)?;
        let standing = self.roster.standing(grant.member).ok_or(Refusal::PasskeyUnknown)?;
        match standing.state {
            MemberState::Active => {}
            MemberState::Removed => return Err(Refusal::AccountRemoved),
            MemberState::Suspended => return Err(Refusal::AccountSuspended),
        }
        let mut holder = KeyHolder { grant, standing, item_right: None, old_key: false };
        let (generation, old_key_until) = if grant.item == ItemId::ANY {
            (standing.generation, standing.old_key_until)
        } else {
            // A key for one item is in its first turn until it is rotated, right or no right.
            let right = self.rights.right(grant.item, grant.member).unwrap_or_default();
            holder.item_right = Some(right);
            (right.generation, right.old_key_until)
        };
        holder.old_key = grant.generation != generation;
        let in_grace = grant.generation == generation.previous() && now_unix < old_key_until;
        if holder.old_key && !in_grace { Err(Refusal::PasskeyReplaced) } else { Ok(holder) }
    }

    /// What the passkey stands for, if it is genuine.
    fn grant_of(&self, passkey: &Passkey) -> Option<KeyGrant> {
        self.keyring
            .verify(Label::Announce, passkey)
            .or_else(|| self.aliases.find(self.keyring, passkey))
    }

    fn seat_in_unknown_torrent(&self, holder: KeyHolder, now_unix: u32) -> Admission {
        let (tier, ran_out) = self.tier_at(holder.standing, now_unix);
        Admission {
            member: Some(holder.grant.member),
            tier,
            warning: holder.warning(ran_out == RanOut::InGrace),
            ..Admission::STRANGER
        }
    }

    fn seat_stranger(&self, item: ItemRules) -> Result<Admission, Refusal> {
        match self.rules.policies.of(item).ok_or(Refusal::ItemClosed)?.who {
            Audience::Anyone => Ok(Admission::STRANGER),
            Audience::Entitled => Err(Refusal::MembersOnly),
        }
    }

    fn seat_member(
        &self,
        announce: &Announce,
        item: ItemRules,
        holder: KeyHolder,
        now_unix: u32,
    ) -> Result<Admission, Refusal> {
        let KeyHolder { grant: KeyGrant { member, .. }, standing, item_right, .. } = holder;
        let seated = Admission { member: Some(member), ..Admission::STRANGER };
        let who = self.rules.policies.of(item).ok_or(Refusal::ItemClosed)?.who;
        let (tier, ran_out) = self.tier_at(standing, now_unix);
        let side = self.rules.tiers.tier(tier).side;
        if who == Audience::Anyone && side == Side::Inside {
            // Most members: no right to the item would change a thing, so none is looked up.
            let warning = holder.warning(ran_out == RanOut::InGrace);
            return Ok(Admission { tier, side, warning, ..seated });
        }
        let right = item_right.or_else(|| self.rights.right(item.id, member));
        let AccessDetails { tier, entitled, side, lapsed, in_grace, revoked } =
            self.access_of(member, standing, item, right, now_unix);
        let warning = match announce.left {
            _ if entitled || who == Audience::Anyone => holder.warning(in_grace),
            _ if revoked => return Err(Refusal::RightRevoked),
            0 => Some(Warning::SeedingOnly),
            _ if lapsed => return Err(Refusal::MembershipExpired),
            _ => return Err(Refusal::NotEntitled),
        };
        Ok(Admission { tier, side, warning, ..seated })
    }

    /// `to_item` is the member's right to the item in question.
    fn access_of(
        &self,
        member: MemberId,
        standing: Standing,
        item: ItemRules,
        to_item: Option<Right>,
        now_unix: u32,
    ) -> AccessDetails {
        let (id, ran_out) = self.tier_at(standing, now_unix);
        let tier = self.rules.tiers.tier(id);
        let to_item = to_item.unwrap_or_default();
        // Of a tier that the rules do not hold nobody is.
        let least = item.tier.and_then(|least| self.rules.tiers.place(least));
        let entitles = |id: TierId| {
            let place = self.rules.tiers.place(id).unwrap_or(0);
            self.rules.tiers.tier(id).entitles_all || least.is_some_and(|least| place >= least)
        };
        let mut entitled = entitles(id) || to_item.is_live(now_unix);
        let mut lapsed = ran_out == RanOut::Lapsed && entitles(standing.tier);
        let mut revoked = false;
        if !entitled {
            let to_all = self.rights.right(ItemId::ANY, member).unwrap_or_default();
            entitled = to_all.is_live(now_unix);
            lapsed |= to_item.has_lapsed(now_unix) || to_all.has_lapsed(now_unix);
            revoked = to_item.is_revoked() || to_all.is_revoked();
        }
        AccessDetails {
            tier: id,
            entitled,
            side: if entitled { Side::Inside } else { tier.side },
            lapsed: lapsed && !entitled,
            in_grace: ran_out == RanOut::InGrace,
            revoked: revoked && !entitled,
        }
    }

    /// The tier a member holds, and whether the best one has run out.
    fn tier_at(&self, standing: Standing, now_unix: u32) -> (TierId, RanOut) {
        let Standing { tier, until, then, .. } = standing;
        if now_unix < until || until == FOREVER {
            (tier, RanOut::Not)
        } else if now_unix < until.saturating_add(self.rules.grace_secs) {
            (tier, RanOut::InGrace)
        } else {
            (then, RanOut::Lapsed)
        }
    }
}

impl Admission {
    /// One without a passkey, of whom nothing is known, and who gets nothing yet.
    const STRANGER: Self = Self {
        member: None,
        numwant: 0,
        tier: TierId::OUTSIDER,
        side: Side::Outside,
        warning: None,
        refused: None,
    };
}

impl KeyGrant {
    /// Whether a passkey for this may be used in an item's swarm.
    fn opens(self, item: Option<ItemId>) -> bool {
        self.item == ItemId::ANY || item == Some(self.item)
    }
}

/// A member whose passkey is in order.
#[derive(Clone, Copy)]
struct KeyHolder {
    grant: KeyGrant,
    standing: Standing,
    /// The right to the one item that the passkey is for.
    item_right: Option<Right>,
    /// The passkey was replaced, and answers for a while yet.
    old_key: bool,
}

impl KeyHolder {
    /// There is room for one warning: the key's, because that leaves the least time.
    fn warning(self, in_grace: bool) -> Option<Warning> {
        let membership = in_grace.then_some(Warning::MembershipEnding);
        if self.old_key { Some(Warning::PasskeyReplaced) } else { membership }
    }
}

/// Whether a member's best tier is over.
#[derive(Clone, Copy, Eq, PartialEq)]
enum RanOut {
    InGrace,
    Lapsed,
    Not,
}

/// A time that never comes.
const FOREVER: u32 = u32::MAX;

#[cfg(test)]
mod tests;
