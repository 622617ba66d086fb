//! What a command works with: the daemon, the time, and the form of the output.

use std::path::Path;

use api::query::PageQuery;
use jiff::Timestamp;
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::client::{AdminClient, AdminRequest};
use super::error::CommandError;
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

    /// All pages of a list.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        path: &[&str],
        id: impl Fn(&T) -> u32,
    ) -> Result<Vec<T>, CommandError> {
        self.pages(path, |after| PageQuery { after, limit: None }, id).await
    }

    /// All pages of a list; `query` makes the query of the page after an id.
    pub(crate) async fn pages<T: DeserializeOwned, Q: Serialize>(
        &self,
        path: &[&str],
        query: impl Fn(u32) -> Q,
        id: impl Fn(&T) -> u32,
    ) -> Result<Vec<T>, CommandError> {
        let mut all = Vec::new();
        loop {
            let query = query(all.last().map_or(0, &id));
            let page: Vec<T> = self.get(path).query(&query).answer().await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
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
