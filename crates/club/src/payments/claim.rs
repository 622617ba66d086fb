//! Payments that came without a checkout of ours: which member they are for, and the order and
//! checkout that are made of them.

use crate::members::member::{self, Member};
use crate::payments::checkout::{self, Checkout};
use crate::payments::provider::{Claim, MemberHint};
use crate::rights::order::{self, NewRow};
use crate::store::sql::Connection;
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::money::Amount;
use crate::values::name;
use crate::values::product::Product;

/// Makes the order and the checkout of a payment, at what was paid.
pub(crate) async fn claimed(
    tx: &mut Tx,
    provider: &str,
    payment: &str,
    claim: &Claim,
    paid: Amount,
) -> Result<Checkout, Error> {
    let member = meant(tx, &claim.member).await?;
    let grant = &claim.grant;
    if paid.currency != grant.price.currency || paid.minor < grant.price.minor {
        return Err(Error::TooLittlePaid { paid, price: grant.price });
    }
    let product = Product::Tier { tier: grant.tier.clone(), days: grant.days };
    let row = NewRow {
        key: None,
        member: Some(member.id),
        email: None,
        product: &product,
        renews: None,
        is_gift: false,
        price: paid,
        discount: None,
        created: tx.now(),
    };
    let order = order::insert(tx, row).await?;
    let key = format!("{provider}:{payment}");
    checkout::insert(tx, &key, provider, Some(payment), &order).await
}

/// The member that a payment means.
async fn meant(db: &mut dyn Connection, hint: &MemberHint) -> Result<Member, Error> {
    let groups = match hint {
        MemberHint::Explicit(wanted) => return member::find_live(db, wanted).await,
        MemberHint::Guesses(groups) => groups,
    };
    for words in groups {
        let mut found: Vec<Member> = Vec::new();
        // A number in a sentence is not an id.
        for word in words.iter().filter(|word| name::check_member(word).is_ok()) {
            match member::find_live(db, word).await {
                Ok(member) if found.iter().any(|known| known.id == member.id) => {}
                Ok(member) => found.push(member),
                Err(Error::NotFound { .. } | Error::Removed { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if let [one, other, ..] = found.as_slice() {
            return Err(Error::SeveralNamed { one: one.name.clone(), other: other.name.clone() });
        }
        if let Some(member) = found.pop() {
            return Ok(member);
        }
    }
    let mut words: Vec<String> = Vec::new();
    for word in groups.iter().flatten().filter(|word| !word.is_empty()) {
        if !words.contains(word) {
            words.push(word.clone());
        }
    }
    Err(Error::NobodyNamed(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::Store;
    use crate::store::sqlite::Sqlite;

    #[tokio::test]
    async fn a_payment_means_the_member_that_it_names() {
        let dir = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&dir.path().join("club.db")).await.unwrap();
        let mut db = store.writer().await.unwrap();
        for (name, state) in [("ada", "active"), ("bob", "active"), ("gone", "removed")] {
            let sql = "INSERT INTO member (name, tier, state, generation, created) \
                       VALUES ($1, 'outsider', $2, 0, 0)";
            db.execute(sql, &[name.into(), state.into()]).await.unwrap();
        }
        let explicit = |text: &str| MemberHint::Explicit(text.to_owned());
        let guesses = |groups: &[&[&str]]| {
            let texts = |texts: &&[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            MemberHint::Guesses(groups.iter().map(texts).collect())
        };
        for (hint, expected) in [
            (explicit("ada"), Ok("ada")),
            (explicit("2"), Ok("bob")),
            (explicit("nobody"), Err("no member `nobody`")),
            (explicit("gone"), Err("no member `gone`")),
            (explicit("3"), Err("member 3 was removed")),
            (guesses(&[&[], &["Good", "ada"]]), Ok("ada")),
            (guesses(&[&["bob"], &["bob", "ada"]]), Ok("bob")),
            (guesses(&[&["gone"], &["ada", "ada"]]), Ok("ada")),
            (
                guesses(&[&[], &["bob", "ada"]]),
                Err("the payment names the members `bob` and `ada`"),
            ),
            // Three cheers are not the third member.
            (
                guesses(&[&["2"], &["2", "Ko-fi Team", ""]]),
                Err("no member is named by the payment: looked for `2`, `Ko-fi Team`"),
            ),
            (guesses(&[&[], &[]]), Err("no member is named by the payment")),
        ] {
            let found = meant(&mut *db, &hint).await.map(|member| member.name);
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{hint:?}"),
                (Err(error), Err(expected)) => {
                    assert!(error.to_string().starts_with(expected), "{error}");
                }
                (found, _) => panic!("{hint:?}: {found:?}"),
            }
        }
    }
}
