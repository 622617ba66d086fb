//! What a command works with: the daemon, the time, and the form of the output.

use std::path::Path;

use api::page::ListPage;
use api::query::{ListQuery, MAX_PAGE, PageQuery};
use jiff::Timestamp;
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::client::{AdminClient, AdminRequest};
use super::error::CommandError;
use super::rows::RowArgs;
use crate::text::{When, printable};

/// What a command works with.
#[derive(Debug)]
pub struct CommandContext {
    client: AdminClient,
    json: bool,
    now: Timestamp,
    tiers: Vec<String>,
}

impl CommandContext {
    /// Asks the daemon behind `socket`, whose configuration has these `tiers`, and prints JSON or
    /// text. Spans of time begin at `now_unix`, in Unix seconds.
    ///
    /// # Errors
    ///
    /// Fails where the system has no resources for a client.
    pub fn new(
        socket: &Path,
        tiers: Vec<String>,
        json: bool,
        now_unix: u32,
    ) -> Result<Self, CommandError> {
        let now = Timestamp::from_second(now_unix.into()).unwrap_or_default();
        Ok(Self { client: AdminClient::new(socket)?, json, now, tiers })
    }

    /// Whether JSON is printed.
    pub(crate) const fn json(&self) -> bool {
        self.json
    }

    /// When the command was typed.
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    /// The names of the configured tiers.
    pub(crate) fn tiers(&self) -> &[String] {
        &self.tiers
    }

    /// A request that reads.
    pub(crate) fn get(&self, path: &[&str]) -> AdminRequest<'_> {
        self.client.request(Method::GET, path)
    }

    /// A request that adds or does something.
    pub(crate) fn post(&self, path: &[&str]) -> AdminRequest<'_> {
        self.client.request(Method::POST, path)
    }

    /// A request that sets something.
    pub(crate) fn put(&self, path: &[&str]) -> AdminRequest<'_> {
        self.client.request(Method::PUT, path)
    }

    /// A request that removes something.
    pub(crate) fn delete(&self, path: &[&str]) -> AdminRequest<'_> {
        self.client.request(Method::DELETE, path)
    }

    /// The rows of a list, page by page, as many as are wanted.
    pub(crate) async fn list<P: ListPage + DeserializeOwned>(
        &self,
        path: &[&str],
        mut query: impl ListQuery,
        rows: RowArgs,
    ) -> Result<Vec<P::Row>, CommandError> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let missing = rows.missing(all.len());
            if missing == 0 {
                return Ok(all);
            }
            query.set_page(PageQuery { after, limit: Some(missing.min(MAX_PAGE)) });
            let page: P = self.get(path).query(&query).answer().await?;
            let (found, next) = page.into_parts();
            all.extend(found);
            after = next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// An answer as JSON, or as `text` writes it.
    ///
    /// # Errors
    ///
    /// Fails where the answer cannot be written as JSON.
    pub fn print<T: Serialize>(
        &self,
        answer: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<String, CommandError> {
        if self.json {
            return Ok(serde_json::to_string_pretty(answer)? + "\n");
        }
        Ok(printable(&text(answer)))
    }

    /// The moment that was typed.
    pub(crate) fn moment(&self, when: Option<When>) -> Result<Option<Timestamp>, CommandError> {
        Ok(when.map(|when| when.after(self.now)).transpose()?)
    }
}
