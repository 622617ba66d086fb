//! Opening a club: its store is read into the image, and again when the configuration's names change.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use policy::MemberId;

use crate::audit::alert;
use crate::catalog::item_row;
use crate::load::{entitlements, replication, standings};
use crate::members::{import, keys};
use crate::store::club::Club;
use crate::store::database::Store;
use crate::store::image::{Image, Live, Shown};
use crate::store::sql::{Connection, SqlResult};
use crate::values::error::Error;
use crate::values::key_generations::KeyGenerations;
use crate::values::names::Names;

/// What was found in the store.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Loaded {
    /// Members, those removed left out.
    pub members: u32,
    /// Items, those removed left out.
    pub items: u32,
    /// Entitlements, those that are over left in; 0 where they were not read.
    pub entitlements: u32,
    /// Tiers that members have and the configuration has not, and how many members have each: they
    /// are outsiders.
    pub unknown_tiers: BTreeMap<String, u32>,
    /// Policies that items have and the configuration has not: nobody may have those items.
    pub unknown_policies: BTreeSet<String>,
}

impl Club {
    /// Fills the image from the store. The writer runs on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// The database can't be read.
    pub async fn open(
        store: Arc<dyn Store>,
        image: Image,
        names: Names,
    ) -> Result<(Self, Loaded), Error> {
        let club = Self::new(store, image);
        // What comes after this is loaded too, or caught up with.
        *club.seen().lock().await = replication::last(&mut *club.reader().await?).await?;
        let changes_wait = club.writer().pause().await;
        let loaded = load(club.store(), club.live(), names).await?;
        drop(changes_wait);
        Ok((club, loaded))
    }

    /// Renews what of the image depends on the names of tiers and policies. Changes wait meanwhile.
    ///
    /// A name that there was before must have the number that it had: announces are judged by
    /// either configuration's rules while the image is made.
    ///
    /// # Errors
    ///
    /// The database can't be read; nothing has changed then.
    pub async fn reload(&self, names: Names) -> Result<Loaded, Error> {
        let _changes_wait = self.writer().pause().await;
        let mut db = self.reader().await?;
        // Read as a whole before any of it is shown, so that all of it is or none.
        let mut shown = Vec::new();
        let loaded = load_named(&mut *db, &names, |one| shown.push(one)).await?;
        shown.into_iter().for_each(|one| self.live().show(one));
        self.live().set_names(names);
        Ok(loaded)
    }
}

/// Makes the image. O(store).
pub(crate) async fn load(store: &Arc<dyn Store>, live: &Live, names: Names) -> SqlResult<Loaded> {
    live.set_names(names);
    let mut rest = store.reader().await?;
    let halves = entitlements::halves(&mut *rest).await?;
    let [first, second] = halves.map(|half| {
        entitlements::load_beside(Arc::clone(store), Arc::clone(&live.image.rights), half)
    });
    let (loaded, first, second) =
        tokio::try_join!(load_all_but_rights(&mut *rest, live), first, second)?;
    Ok(Loaded { entitlements: first + second, ..loaded })
}

async fn load_all_but_rights(db: &mut dyn Connection, live: &Live) -> SqlResult<Loaded> {
    let (mut keys, names) = (HashMap::new(), live.names());
    let show = |shown| live.show(shown);
    let keep_keys = |member, generations| {
        keys.insert(member, generations);
    };
    let loaded = read_all_but_rights(db, &names, show, keep_keys).await?;
    live.set_key_generations(keys);
    Ok(loaded)
}

/// Reads all that a start reads and shows none of it. O(store), in little memory.
pub(crate) async fn check(db: &mut dyn Connection, names: &Names) -> SqlResult<Loaded> {
    let loaded = read_all_but_rights(db, names, drop, |_, _| {}).await?;
    let mut entitlements = 0;
    for half in entitlements::halves(db).await? {
        entitlements += entitlements::load(db, half, None).await?;
    }
    Ok(Loaded { entitlements, ..loaded })
}

async fn read_all_but_rights(
    db: &mut dyn Connection,
    names: &Names,
    mut show: impl FnMut(Shown) + Send,
    mut keep_keys: impl FnMut(MemberId, KeyGenerations) + Send,
) -> SqlResult<Loaded> {
    let loaded = load_named(db, names, &mut show).await?;
    db.visit(import::ALIASES, &[], &mut |row| {
        show(import::read_alias(row)?);
        Ok(())
    })
    .await?;
    show(Shown::Alerts(alert::count_open(db).await?));
    db.visit(keys::ALL, &[], &mut |row| {
        let (member, generations) = keys::read(row)?;
        keep_keys(member, generations);
        Ok(())
    })
    .await?;
    Ok(loaded)
}

/// Members and items, which depend on the names of tiers and policies. O(members and items).
async fn load_named(
    db: &mut dyn Connection,
    names: &Names,
    mut show: impl FnMut(Shown) + Send,
) -> SqlResult<Loaded> {
    let standings::Found { members, unknown_tiers } =
        standings::load(db, names, |id, standing| show(Shown::Member(id, standing))).await?;
    let mut loaded = Loaded { members, unknown_tiers, ..Loaded::default() };
    db.visit(item_row::SHOWN, &[], &mut |row| {
        let (item, policy) = item_row::read_shown(row, names)?;
        loaded.items += 1;
        if item.policy.is_none() {
            loaded.unknown_policies.insert(policy);
        }
        show(Shown::Item(item));
        Ok(())
    })
    .await?;
    Ok(loaded)
}
