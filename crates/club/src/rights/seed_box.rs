//! The publisher's own seed box: a member that usher makes, with a right to all items.

use policy::ItemId;

use crate::audit::log::Stamp;
use crate::members::member::{self, Member, NewMember};
use crate::rights::entitlement::{self, Entitlement};
use crate::store::club::Club;
use crate::store::sql::Connection;
use crate::values::error::Error;
use crate::values::name::SEED_BOX;

impl Club {
    /// The seed box, which is made with its right where there is none. One that is there is given
    /// no right: its right may have been taken back, or an older usher let a person have the name.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn seed_box(&self, stamp: &Stamp) -> Result<Member, Error> {
        let (stamp, live) = (stamp.clone(), self.live());
        let (member, _) = self
            .writer()
            .run(
                move |db| Box::pin(async move { find_or_make(db, &stamp).await }),
                move |(member, right)| {
                    live.show_member(member);
                    right.iter().for_each(|right| live.show_entitlement(right));
                },
            )
            .await?;
        Ok(member)
    }
}

/// The seed box, and the right it was given if it was made.
async fn find_or_make(
    db: &mut dyn Connection,
    stamp: &Stamp,
) -> Result<(Member, Option<Entitlement>), Error> {
    match member::find(db, SEED_BOX).await {
        Err(Error::NotFound { .. }) => {}
        found => return Ok((found?, None)),
    }
    let new = NewMember { name: SEED_BOX.to_owned(), tier: OUTSIDER.to_owned(), tier_until: None };
    let member = member::insert(db, stamp, &new).await?;
    let right = entitlement::give(db, stamp, member.id, ItemId::ANY, None, SEED_BOX).await?;
    Ok((member, Some(right)))
}

/// The tier that every configuration has.
const OUTSIDER: &str = "outsider";
