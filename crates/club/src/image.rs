//! The club's image in memory, which the announce path looks at.
//!
//! It is written in the order of the commits: by the writer task, or while that pauses.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use policy::{
    Entitlements, Generation, ItemId, MemberState, PolicyId, Right, Roster, Standing, TierId,
};

use crate::entitlement::Entitlement;
use crate::item::{self, Item};
use crate::member::{self, Member};
use crate::names::Names;
use crate::shelf::Shelf;
use crate::sql::{Connection, SqlResult};
use crate::turns::Turned;

/// What the announce path knows of the club.
#[derive(Clone)]
pub struct Image {
    /// Where each member stands.
    pub roster: Arc<Roster>,
    /// Who may have what.
    pub rights: Arc<Entitlements>,
    /// What there is.
    pub items: Arc<dyn Items>,
}

/// Keeps what the announce path must know of each item. Called often while the club loads, and
/// must not block.
pub trait Items: Send + Sync {
    /// An item is there from now on, with these info hashes and no others. Its policy is `None`
    /// where the configuration no longer has it: nobody may have the item then.
    fn put(&self, item: &Item, policy: Option<PolicyId>);

    /// An item is there no more; the info hashes are those it had.
    fn remove(&self, item: &Item);
}

/// What was found in the store.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Loaded {
    /// Members, those removed left out.
    pub members: u32,
    /// Items, those removed left out.
    pub items: u32,
    /// Entitlements, those that are over left in.
    pub entitlements: u32,
    /// Tiers that members have and the configuration has not: they are outsiders.
    pub unknown_tiers: BTreeSet<String>,
    /// Policies that items have and the configuration has not: nobody may have them.
    pub unknown_policies: BTreeSet<String>,
}

/// The image, and the configured names by which it is made.
pub(crate) struct Live {
    image: Image,
    names: ArcSwap<Names>,
    pub(crate) shelf: Shelf,
    pub(crate) turned: Turned,
}

impl Live {
    /// An image that knows no names, until it is told some and loaded.
    pub(crate) fn new(image: Image) -> Self {
        Self {
            image,
            names: ArcSwap::default(),
            shelf: Shelf::default(),
            turned: Turned::default(),
        }
    }

    pub(crate) fn names(&self) -> Arc<Names> {
        self.names.load_full()
    }

    pub(crate) fn rename(&self, names: Names) {
        self.names.store(Arc::new(names));
    }

    pub(crate) fn show_member(&self, member: &Member) {
        let standing = Standing {
            tier: self.names.load().tier(&member.tier).unwrap_or(TierId::OUTSIDER),
            until: member.tier_until.unwrap_or(FOREVER),
            then: TierId::OUTSIDER,
            state: member.state,
            generation: member.generation,
            old_key_until: member.old_key_until.unwrap_or(0),
        };
        self.image.roster.set(member.id, standing);
    }

    pub(crate) fn show_item(&self, item: &Item) {
        self.shelf.clear();
        if item.removed {
            self.image.items.remove(item);
        } else {
            self.image.items.put(item, self.names.load().policy(&item.policy));
        }
    }

    pub(crate) fn show_entitlement(&self, entitlement: &Entitlement) {
        let until = entitlement.until.unwrap_or(FOREVER);
        let right = Right {
            until: if entitlement.revoked.is_some() { 0 } else { until },
            generation: entitlement.generation,
            old_key_until: entitlement.old_key_until.unwrap_or(0),
        };
        self.image.rights.set(entitlement.item, entitlement.member, right);
    }

    /// Makes the image anew. O(store).
    pub(crate) async fn load(&self, db: &mut dyn Connection) -> SqlResult<Loaded> {
        let mut loaded = Loaded::default();
        self.load_members(db, &mut loaded).await?;
        self.load_items(db, &mut loaded).await?;
        self.load_entitlements(db, &mut loaded).await?;
        self.shelf.clear();
        self.turned.load(db).await?;
        Ok(loaded)
    }

    async fn load_members(&self, db: &mut dyn Connection, loaded: &mut Loaded) -> SqlResult<()> {
        let names = self.names.load();
        db.visit(
            "SELECT id, tier, tier_until, state, generation, old_key_until FROM member",
            &[],
            &mut |row| {
                let tier = row.text(1)?;
                let standing = Standing {
                    tier: names.tier(tier).unwrap_or(TierId::OUTSIDER),
                    until: row.optional(2)?.unwrap_or(FOREVER),
                    then: TierId::OUTSIDER,
                    state: member::state(row, 3)?,
                    generation: Generation(row.number(4)?),
                    old_key_until: row.optional(5)?.unwrap_or(0),
                };
                if standing.state != MemberState::Removed {
                    loaded.members += 1;
                    if names.tier(tier).is_none() && !loaded.unknown_tiers.contains(tier) {
                        loaded.unknown_tiers.insert(tier.to_owned());
                    }
                }
                self.image.roster.set(member::id(row, 0)?, standing);
                Ok(())
            },
        )
        .await
    }

    async fn load_items(&self, db: &mut dyn Connection, loaded: &mut Loaded) -> SqlResult<()> {
        let names = self.names.load();
        db.visit(item::ALL_LIVE, &[], &mut |row| {
            let item = item::read(row)?;
            loaded.items += 1;
            let policy = names.policy(&item.policy);
            self.image.items.put(&item, policy);
            if policy.is_none() {
                loaded.unknown_policies.insert(item.policy);
            }
            Ok(())
        })
        .await
    }

    async fn load_entitlements(
        &self,
        db: &mut dyn Connection,
        loaded: &mut Loaded,
    ) -> SqlResult<()> {
        db.visit(
            "SELECT item, member, CASE WHEN revoked IS NULL THEN until ELSE 0 END, generation, \
             old_key_until FROM entitlement WHERE revoked IS NULL OR generation > 0",
            &[],
            &mut |row| {
                let right = Right {
                    until: row.optional(2)?.unwrap_or(FOREVER),
                    generation: Generation(row.number(3)?),
                    old_key_until: row.optional(4)?.unwrap_or(0),
                };
                loaded.entitlements += u32::from(right.until > 0);
                self.image.rights.set(ItemId(row.number(0)?), member::id(row, 1)?, right);
                Ok(())
            },
        )
        .await
    }
}

const FOREVER: u32 = u32::MAX;
