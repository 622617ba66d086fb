//! One connection to a database, as far as club's statements need it.
//!
//! Statements are written once, in the SQL that SQLite and PostgreSQL share (`$1`, `ON CONFLICT`,
//! `RETURNING`), and know a connection by this trait alone. Deliberately absent: transactions,
//! which are [`Writer`](crate::store::writer::Writer)'s, and query building.

use std::borrow::Cow;
use std::pin::Pin;

use policy::MemberId;

use crate::values::money::Currency;
use crate::values::unavailable::Unavailable;

/// A future that can be kept in a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the database said.
pub type SqlResult<T> = Result<T, sqlx::Error>;

/// Called with each row of an answer.
pub type RowVisitor<'a> = dyn FnMut(&dyn Row) -> SqlResult<()> + Send + 'a;

/// One connection. A statement may be prepared once and kept.
pub trait Connection: Send {
    /// Runs a statement and tells how many rows it changed.
    fn execute<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
    ) -> BoxFuture<'a, SqlResult<u64>>;

    /// Runs a statement and visits its rows as they come; stops at the first error.
    fn visit<'a>(
        &'a mut self,
        sql: &'static str,
        values: &'a [Value<'a>],
        visit: &'a mut RowVisitor<'_>,
    ) -> BoxFuture<'a, SqlResult<()>>;

    /// Called before a transaction and before its commit; refuses one that would be lost.
    fn check_place(&mut self) -> BoxFuture<'_, Result<(), Unavailable>> {
        Box::pin(async { Ok(()) })
    }

    /// How a statement of thousands of values names the places of its values.
    fn places(&self) -> Places {
        Places::Numbered
    }

    /// How words are found, which each database does in statements of its own.
    fn word_index(&self) -> WordIndex;
}

/// How a database finds rows by words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WordIndex {
    /// By a table of SQLite's FTS5.
    Fts5,
    /// By a column of PostgreSQL's `tsvector`.
    TsVector,
}

/// What stands in a statement for its values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Places {
    /// `?` for each, in their order. Where a database knows its places by their names, binding
    /// takes the square of their number.
    InOrder,
    /// `$1`, `$2` and so on.
    Numbered,
}

impl dyn Connection + '_ {
    /// All rows of an answer, which the statement must bound.
    pub(crate) async fn all<T: Send>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        read: fn(&dyn Row) -> SqlResult<T>,
    ) -> SqlResult<Vec<T>> {
        let mut rows = Vec::new();
        self.visit(sql, values, &mut |row| {
            rows.push(read(row)?);
            Ok(())
        })
        .await?;
        Ok(rows)
    }

    /// The last row of an answer that should have at most one.
    pub(crate) async fn one<T: Send>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        read: fn(&dyn Row) -> SqlResult<T>,
    ) -> SqlResult<Option<T>> {
        let mut found = None;
        self.visit(sql, values, &mut |row| {
            found = Some(read(row)?);
            Ok(())
        })
        .await?;
        Ok(found)
    }
}

/// A value for a `$n` of a statement.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// A blob.
    Bytes(&'a [u8]),
    /// A number or NULL.
    Int(Option<i64>),
    /// NULL where there could be a text.
    Null,
    /// A text. It may hold NUL, which PostgreSQL can't store: both databases store U+FFFD in its
    /// place, so that a text is the same on either, and what was stored is found.
    Text(&'a str),
}

/// A text as the databases take it.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Int(Some(number.into()))
    }
}

impl From<Option<u32>> for Value<'_> {
    fn from(number: Option<u32>) -> Self {
        Self::Int(number.map(i64::from))
    }
}

impl From<u16> for Value<'_> {
    fn from(number: u16) -> Self {
        Self::Int(Some(number.into()))
    }
}

impl From<bool> for Value<'_> {
    fn from(yes: bool) -> Self {
        Self::Int(Some(yes.into()))
    }
}

/// One row of an answer, its columns counted from 0.
pub trait Row {
    /// A blob or NULL.
    ///
    /// # Errors
    ///
    /// As every method here: there is no such column, or it holds something else.
    fn bytes(&self, column: usize) -> SqlResult<Option<&[u8]>>;

    /// A number or NULL.
    ///
    /// # Errors
    ///
    /// See [`bytes`](Self::bytes).
    fn int(&self, column: usize) -> SqlResult<Option<i64>>;

    /// A text.
    ///
    /// # Errors
    ///
    /// See [`bytes`](Self::bytes).
    fn text(&self, column: usize) -> SqlResult<&str>;
}

impl dyn Row + '_ {
    /// A number that is not NULL.
    pub(crate) fn number<N: TryFrom<i64>>(&self, column: usize) -> SqlResult<N> {
        self.optional(column)?.ok_or_else(|| unreadable(column, "NULL"))
    }

    /// A number or NULL.
    pub(crate) fn optional<N: TryFrom<i64>>(&self, column: usize) -> SqlResult<Option<N>> {
        let number = self.int(column)?;
        number
            .map(|number| N::try_from(number).map_err(|_| unreadable(column, &number.to_string())))
            .transpose()
    }
}

/// A currency's code in a row.
pub(crate) fn currency(row: &dyn Row, column: usize) -> SqlResult<Currency> {
    let code = row.text(column)?;
    Currency::parse(code).map_err(|_| unreadable(column, code))
}

/// A member's id in a row.
pub(crate) fn member_id(row: &dyn Row, column: usize) -> SqlResult<MemberId> {
    MemberId::new(row.number(column)?)
        .ok_or_else(|| unreadable(column, "a member's id past the last"))
}

/// How all rows of a table are read, to see whether they can be.
pub(crate) struct Reading {
    pub(crate) table: &'static str,
    pub(crate) sql: &'static str,
    pub(crate) read: fn(&dyn Row) -> SqlResult<()>,
}

/// The error of a column that holds what no version of usher wrote there.
pub(crate) fn unreadable(column: usize, found: &str) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_string(),
        source: format!("did not expect {found}").into(),
    }
}
