//! The club's image in memory, which the announce path looks at.
//!
//! It is written in the order of the commits: by the writer task, or while that pauses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arc_swap::ArcSwap;
use policy::{
    AliasHash, Aliases, Entitlements, Grant, MemberId, PolicyId, Right, Roster, Standing, TierId,
};

use crate::audit::alert;
use crate::catalog::cache::Shelf;
use crate::catalog::item::{self, Item};
use crate::load::entitlements;
use crate::load::standings;
use crate::members::import;
use crate::members::keys::Turned;
use crate::members::member::Member;
use crate::rights::entitlement::{Ended, Entitlement};
use crate::store::database::Store;
use crate::store::sql::{Connection, SqlResult};
use crate::values::names::Names;

/// What the announce path knows of the club.
#[derive(Clone)]
pub struct Image {
    /// Where each member stands.
    pub roster: Arc<Roster>,
    /// Who may have what.
    pub rights: Arc<Entitlements>,
    /// Passkeys of other trackers.
    pub aliases: Arc<Aliases>,
    /// What there is.
    pub items: Arc<dyn Items>,
}

/// Keeps what the announce path must know of each item. Called often while the club loads, and
/// must not block.
pub trait Items: Send + Sync {
    /// An item is there from now on, with these info hashes and no others. Its policy is `None`
    /// where the configuration no longer has it: nobody may have the item then. Its tier is `None`
    /// too where the configuration has none of that name.
    fn put(&self, item: &Item, policy: Option<PolicyId>, tier: Option<TierId>);

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
    /// Entitlements, those that are over left in; 0 where they were not read.
    pub entitlements: u32,
    /// Tiers that members have and the configuration has not, and how many have each: they are
    /// outsiders.
    pub unknown_tiers: BTreeMap<String, u32>,
    /// Policies that items have and the configuration has not: nobody may have them.
    pub unknown_policies: BTreeSet<String>,
}

/// The image, and the configured names by which it is made.
pub(crate) struct Live {
    image: Image,
    names: ArcSwap<Names>,
    pub(crate) shelf: Shelf,
    pub(crate) turned: Turned,
    /// How many alerts are open.
    alerts: AtomicU32,
}

impl Live {
    /// An image that knows no names, until it is told some and loaded.
    pub(crate) fn new(image: Image) -> Self {
        Self {
            image,
            names: ArcSwap::default(),
            shelf: Shelf::default(),
            turned: Turned::default(),
            alerts: AtomicU32::new(0),
        }
    }

    pub(crate) fn names(&self) -> Arc<Names> {
        self.names.load_full()
    }

    pub(crate) fn show_member(&self, member: &Member) {
        let names = self.names.load();
        let earned = member.earned.as_deref().unwrap_or_default();
        let (tier, until, then) = standings::best(&names, &member.tier, member.tier_until, earned);
        let standing = Standing {
            tier,
            until,
            then,
            state: member.state,
            generation: member.generation,
            old_key_until: member.old_key_until.unwrap_or(0),
        };
        self.image.roster.set(member.id, standing);
    }

    /// How many alerts are open from now on.
    pub(crate) fn show_alerts(&self, open: u32) {
        self.alerts.store(open, Ordering::Relaxed);
    }

    pub(crate) fn open_alerts(&self) -> u32 {
        self.alerts.load(Ordering::Relaxed)
    }

    pub(crate) fn show_alias(&self, passkey: AliasHash, grant: Grant) {
        self.image.aliases.set(passkey, grant);
    }

    pub(crate) fn show_item(&self, item: &Item) {
        self.shelf.clear();
        if item.removed {
            self.image.items.remove(item);
        } else {
            self.put(item, &self.names.load());
        }
    }

    fn put(&self, item: &Item, names: &Names) {
        self.image.items.put(item, names.policy(&item.policy), names.tier_of(item));
    }

    pub(crate) fn show_entitlement(&self, entitlement: &Entitlement) {
        let until = match (entitlement.revoked, entitlement.ended) {
            (None, _) => entitlement.until.unwrap_or(FOREVER),
            (Some(_), None) => 0,
            (Some(_), Some(Ended::Refunded)) => Right::REFUNDED,
            (Some(_), Some(Ended::Revoked)) => Right::REVOKED,
        };
        let right = Right {
            until,
            generation: entitlement.generation,
            old_key_until: entitlement.old_key_until.unwrap_or(0),
        };
        self.image.rights.set(entitlement.item, entitlement.member, right);
    }

    /// Makes the image. O(store).
    pub(crate) async fn load(&self, store: &Arc<dyn Store>, names: Names) -> SqlResult<Loaded> {
        self.names.store(Arc::new(names));
        let mut rest = store.reader().await?;
        let halves = entitlements::halves(&mut *rest).await?;
        let [first, second] = halves
            .map(|half| entitlements::load_beside(store.clone(), self.image.rights.clone(), half));
        let (loaded, first, second) =
            tokio::try_join!(self.load_all_but_rights(&mut *rest), first, second)?;
        Ok(Loaded { entitlements: first + second, ..loaded })
    }

    async fn load_all_but_rights(&self, db: &mut dyn Connection) -> SqlResult<Loaded> {
        let names = self.names.load();
        let show = |id, standing| self.image.roster.set(id, standing);
        let standings::Found { members, unknown_tiers } = standings::load(db, &names, show).await?;
        let mut loaded = Loaded { members, unknown_tiers, ..Loaded::default() };
        load_items(db, &names, &mut loaded, |item| self.put(&item, &names)).await?;
        self.load_aliases(db).await?;
        self.show_alerts(alert::count_open(db).await?);
        self.shelf.clear();
        self.turned.load(db).await?;
        Ok(loaded)
    }

    async fn load_aliases(&self, db: &mut dyn Connection) -> SqlResult<()> {
        db.visit(import::ALIASES, &[], &mut |row| {
            let (passkey, grant) = import::read_alias(row)?;
            self.show_alias(passkey, grant);
            Ok(())
        })
        .await
    }
}

/// What is another under other names: read as a whole before any of it is shown.
pub(crate) struct Renamed {
    names: Names,
    standings: Vec<(MemberId, Standing)>,
    items: Vec<Item>,
    loaded: Loaded,
}

impl Renamed {
    /// Changes nothing. O(members and items).
    pub(crate) async fn read(db: &mut dyn Connection, names: Names) -> SqlResult<Self> {
        let (mut standings, mut items) = (Vec::new(), Vec::new());
        let keep = |id, standing| standings.push((id, standing));
        let standings::Found { members, unknown_tiers } = standings::load(db, &names, keep).await?;
        let mut loaded = Loaded { members, unknown_tiers, ..Loaded::default() };
        load_items(db, &names, &mut loaded, |item| items.push(item)).await?;
        Ok(Self { names, standings, items, loaded })
    }

    /// Cannot fail, so that all of it is shown or none.
    pub(crate) fn show(self, live: &Live) -> Loaded {
        let Self { names, standings, items, loaded } = self;
        for (id, standing) in standings {
            live.image.roster.set(id, standing);
        }
        for item in items {
            live.put(&item, &names);
        }
        live.names.store(Arc::new(names));
        live.shelf.clear();
        loaded
    }
}

async fn load_items(
    db: &mut dyn Connection,
    names: &Names,
    loaded: &mut Loaded,
    mut f: impl FnMut(Item) + Send,
) -> SqlResult<()> {
    db.visit(item::ALL_LIVE, &[], &mut |row| {
        let item = item::read(row)?;
        loaded.items += 1;
        if names.policy(&item.policy).is_none() {
            loaded.unknown_policies.insert(item.policy.clone());
        }
        f(item);
        Ok(())
    })
    .await
}

const FOREVER: u32 = u32::MAX;
