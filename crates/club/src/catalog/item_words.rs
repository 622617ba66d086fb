//! The words of an item's name and title, by which operators find it, whether or not anybody else can.

use std::collections::BTreeSet;

use policy::ItemId;

use crate::store::sql::{Connection, SqlResult};
use crate::values::words::words;

/// Makes the words of an item those of these texts.
pub(crate) async fn put(db: &mut dyn Connection, item: ItemId, texts: [&str; 2]) -> SqlResult<()> {
    let id = item.0.into();
    let sql = "SELECT word FROM item_word WHERE item = $1";
    let before = db.all(sql, &[id], |row| row.text(0).map(str::to_owned)).await?;
    let before: BTreeSet<String> = before.into_iter().collect();
    let now: BTreeSet<String> = words(texts, MAX_WORDS).into_iter().collect();
    for word in before.difference(&now) {
        let sql = "DELETE FROM item_word WHERE item = $1 AND word = $2";
        db.execute(sql, &[id, word.as_str().into()]).await?;
    }
    for word in now.difference(&before) {
        let sql = "INSERT INTO item_word (item, word) VALUES ($1, $2)";
        db.execute(sql, &[id, word.as_str().into()]).await?;
    }
    Ok(())
}

/// The most words of an item.
const MAX_WORDS: usize = 64;
