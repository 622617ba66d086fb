//! Statements of lists: a `SELECT`, the conditions that a filter has, and the order.
//!
//! A statement is put together of pieces that stand in this program, never of what somebody typed: values have places.
//! So there are as many statements as filters can be combined, and each is kept for ever, which lets the databases
//! prepare it once.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::lists::page::{KeyPart, ListOrder, Listed, PageRequest};
use crate::store::sql::{Connection, Row, SqlResult, Value};
use crate::values::error::Error;

/// A statement under construction, and its values.
pub(crate) struct RowQuery<'a> {
    sql: String,
    values: Vec<Value<'a>>,
    joint: &'static str,
}

impl<'a> RowQuery<'a> {
    /// Rows of a `SELECT` without a `WHERE`.
    pub(crate) fn new(select: &'static str) -> Self {
        Self { sql: select.to_owned(), values: Vec::new(), joint: " WHERE " }
    }

    /// Rows of a `SELECT` whose `WHERE` has a condition already.
    pub(crate) fn narrowed(select: &'static str) -> Self {
        Self { joint: " AND ", ..Self::new(select) }
    }

    /// Rows that fit a condition too. Each `?` in it is the place of a value.
    pub(crate) fn and(
        &mut self,
        condition: &'static str,
        values: impl IntoIterator<Item = Value<'a>>,
    ) {
        self.push(self.joint);
        self.joint = " AND ";
        self.push("(");
        for (number, piece) in condition.split('?').enumerate() {
            if number > 0 {
                self.place();
            }
            self.push(piece);
        }
        self.push(")");
        self.values.extend(values);
        debug_assert_eq!(self.values.len(), self.places(), "a value for each place");
    }

    /// As [`and`](Self::and), where there is a value.
    pub(crate) fn and_if<V: Into<Value<'a>>>(&mut self, condition: &'static str, value: Option<V>) {
        if let Some(value) = value {
            self.and(condition, [value.into()]);
        }
    }

    /// Rows from a time until before another, in Unix seconds. Returns whether there is a limit at either end.
    pub(crate) fn and_within(
        &mut self,
        from: (&'static str, Option<u32>),
        until: (&'static str, Option<u32>),
    ) -> bool {
        self.and_if(from.0, from.1);
        self.and_if(until.0, until.1);
        from.1.or(until.1).is_some()
    }

    /// The page.
    pub(crate) async fn page<T: Send>(
        self,
        db: &mut dyn Connection,
        order: &ListOrder<T>,
        page: &PageRequest,
        read: fn(&dyn Row) -> SqlResult<T>,
    ) -> Result<Listed<T>, Error> {
        let after = order.after(page)?;
        let (sql, values) = self.ordered(order, after.as_deref(), page);
        let rows = db.all(known(sql), &values, read).await?;
        Ok(order.cut(rows, page))
    }

    /// The statement with the order and the limit, which is one row more than wanted.
    pub(crate) fn ordered<'b, T>(
        self,
        order: &ListOrder<T>,
        after: Option<&'b [KeyPart]>,
        page: &PageRequest,
    ) -> (String, Vec<Value<'b>>)
    where
        'a: 'b,
    {
        let mut query: RowQuery<'b> = self;
        let (beyond, direction) = if page.newest { (" < ", " DESC") } else { (" > ", "") };
        if let Some(after) = after {
            query.push(query.joint);
            query.push("(");
            query.list(order, "");
            query.push(")");
            query.push(beyond);
            query.push("(");
            for (number, part) in after.iter().enumerate() {
                if number > 0 {
                    query.push(", ");
                }
                query.place();
                query.values.push(match part {
                    KeyPart::Number(number) => Value::Int(Some(*number)),
                    KeyPart::Text(text) => text.as_str().into(),
                });
            }
            query.push(")");
        }
        query.push(" ORDER BY ");
        query.list(order, direction);
        query.push(" LIMIT ");
        query.place();
        query.values.push((page.limit() + 1).into());
        (query.sql, query.values)
    }

    fn list<T>(&mut self, order: &ListOrder<T>, suffix: &str) {
        for (number, (column, _)) in order.columns.iter().enumerate() {
            if number > 0 {
                self.push(", ");
            }
            self.push(column);
            self.push(suffix);
        }
    }

    fn push(&mut self, piece: &str) {
        self.sql.push_str(piece);
    }

    /// The place of the value that is pushed next.
    fn place(&mut self) {
        let number = self.places() + 1;
        self.sql.push('$');
        self.sql.push_str(&number.to_string());
    }

    fn places(&self) -> usize {
        self.sql.matches('$').count()
    }
}

static KNOWN: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);

/// A statement that is kept for ever. There are as many as filters can be combined.
pub(crate) fn known(sql: String) -> &'static str {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.get(sql.as_str()) {
        return known;
    }
    let kept: &'static str = Box::leak(sql.into_boxed_str());
    known.insert(kept);
    kept
}

/// Those there are so far.
#[cfg(test)]
pub(crate) fn all_known() -> Vec<&'static str> {
    KNOWN.lock().unwrap().iter().copied().collect()
}

/// The texts that begin with a prefix, from the first until before the second.
pub(crate) fn prefixed(prefix: &str) -> [String; 2] {
    [prefix.to_owned(), format!("{prefix}\u{10ffff}")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::page::KeyType;

    const ORDER: ListOrder<(u32, u32)> = ListOrder {
        name: "pets by age",
        columns: &[("age", KeyType::Number), ("id", KeyType::Number)],
        key: |(age, id)| vec![(*age).into(), (*id).into()],
    };

    #[test]
    fn places_are_numbered_over_all_conditions() {
        let mut query = RowQuery::new("SELECT id FROM pet");
        query.and("age > ? AND age < ?", [Value::from(1_u32), Value::from(9_u32)]);
        query.and_if("name = ?", None::<&str>);
        query.and_if("kind = ?", Some("cat"));
        let page = PageRequest { newest: true, limit: 2, ..PageRequest::default() };
        let key = [KeyPart::Number(3), KeyPart::Number(4)];
        let (sql, values) = query.ordered(&ORDER, Some(&key), &page);
        assert_eq!(
            sql,
            "SELECT id FROM pet WHERE (age > $1 AND age < $2) AND (kind = $3) \
             AND (age, id) < ($4, $5) ORDER BY age DESC, id DESC LIMIT $6"
        );
        assert_eq!(values.len(), 6);
    }

    #[test]
    fn a_statement_is_kept_once() {
        let [first, second] = ["SELECT 1", "SELECT 1"].map(|sql| known(sql.to_owned()));
        assert!(std::ptr::eq(first, second));
    }
}
