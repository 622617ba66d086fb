//! What each command asks of the daemon, and what it works with.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use api::item::{AddItem, ItemView, SetPolicy};
use api::member::{AddMember, MemberView, SetTier};
use api::query::MAX_BODY_BYTES;
use api::right::GrantRight;
use http::Method;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::args::{Command, ItemCommand, MemberCommand};
use super::backup;
use super::client::Client;
use super::error::CommandError;
use super::import;
use super::show;
use super::when::When;

/// What a command works with.
#[derive(Debug)]
pub struct CommandContext {
    pub(crate) client: Client,
    pub(crate) json: bool,
    pub(crate) now: Timestamp,
    /// The names of the configured tiers.
    pub(crate) tiers: Vec<String>,
}

impl CommandContext {
    /// Works with the daemon behind `socket`, whose configuration has these `tiers`; prints JSON or
    /// text, and counts spans of time from `now_unix`, in Unix seconds.
    pub fn new(socket: &Path, tiers: Vec<String>, json: bool, now_unix: u32) -> Self {
        let now = Timestamp::from_second(now_unix.into()).unwrap_or_default();
        Self { client: Client::new(socket), json, now, tiers }
    }

    /// Carries out a command, and returns what to print.
    ///
    /// # Errors
    ///
    /// Says what to do next: start the daemon, or ask otherwise.
    pub async fn ask(&self, command: &Command) -> Result<String, CommandError> {
        match command {
            Command::Member(command) => self.member(command).await,
            Command::Item(command) => self.item(command).await,
            Command::Publish(args) => self.publish(args).await,
            Command::Unpublish { item } => self.unpublish(item).await,
            Command::VerifyItem { item } => self.verify_item(item).await,
            Command::Torrent(args) => self.torrent(args).await,
            Command::Magnet { item } => self.magnet(item).await,
            Command::Checkout(args) => self.checkout(args).await,
            Command::Orders(command) => self.orders(command).await,
            Command::Events(command) => self.events(command).await,
            Command::Grant { member, item, until } => {
                let grant = GrantRight { until: self.moment(*until)? };
                let path = right(member, item);
                self.print(&self.client.tell(Method::PUT, &path, &grant).await?, show::granted)
            }
            Command::Revoke { member, item } => {
                let path = right(member, item);
                self.print(&self.client.ask(Method::DELETE, &path).await?, show::revoked)
            }
            Command::Topup(topup) => self.topup(topup).await,
            Command::Balance { member } => self.balance(member).await,
            Command::Buy(buy) => self.buy(buy).await,
            Command::Refund(refund) => self.refund(refund).await,
            Command::Order(command) => self.order(command).await,
            Command::Discount(command) => self.discount(command).await,
            Command::Voucher(command) => self.voucher(command).await,
            Command::Ledger(command) => self.ledger(command).await,
            Command::Standing(command) => self.standing(command).await,
            Command::Swarm { swarm } => {
                self.print(&self.get(&["swarms", swarm]).await?, show::swarm)
            }
            Command::Stats => self.print(&self.get(&["stats"]).await?, show::stats),
            Command::Import { file, dry_run, tier, default_tier } => {
                let plan = import::Plan {
                    file,
                    dry_run: *dry_run,
                    classes: tier.iter().cloned().collect(),
                    tiers: self.tiers.clone(),
                    default_tier: default_tier.as_deref(),
                };
                self.print(&import::import(&self.client, &plan).await?, import::imported)
            }
            Command::Export(export) => self.export(export).await,
            Command::Backup { file, with_secret } => {
                let backup = backup::backup(&self.client, file, *with_secret).await?;
                self.print(&backup, backup::backed_up)
            }
            Command::Why { member } => {
                self.print(&self.get(&["members", member, "why"]).await?, show::why)
            }
        }
    }

    async fn member(&self, command: &MemberCommand) -> Result<String, CommandError> {
        match command {
            MemberCommand::Add { name, tier, until } => {
                let until = self.moment(*until)?;
                let new = AddMember { name: name.clone(), tier: tier.clone(), until };
                let path = path(&["members"]);
                self.print(&self.client.tell(Method::POST, &path, &new).await?, show::added_member)
            }
            MemberCommand::List => {
                let members = self.list(&["members"], |member: &MemberView| member.id).await?;
                self.print(&members, |members| show::members(members))
            }
            MemberCommand::Show { member } => {
                self.print(&self.get(&["members", member]).await?, show::member)
            }
            MemberCommand::SetTier { member, tier, named, until } => {
                let tier = tier.as_ref().or(named.as_ref()).cloned().unwrap_or_default();
                let to = SetTier { tier, until: self.moment(*until)? };
                let path = path(&["members", member, "tier"]);
                self.print(&self.client.tell(Method::PUT, &path, &to).await?, show::changed_member)
            }
            MemberCommand::Links { member } => self.links(member).await,
            MemberCommand::Rotate { member, grace, key } => self.rotate(member, *key, *grace).await,
            MemberCommand::Suspend { member } => {
                let path = path(&["members", member, "suspend"]);
                self.print(&self.client.ask(Method::POST, &path).await?, show::changed_member)
            }
            MemberCommand::Resume { member } => {
                let path = path(&["members", member, "resume"]);
                self.print(&self.client.ask(Method::POST, &path).await?, show::changed_member)
            }
            MemberCommand::Erase { member } => {
                let path = path(&["members", member, "erase"]);
                self.print(&self.client.ask(Method::POST, &path).await?, show::changed_member)
            }
            MemberCommand::Remove { member } => {
                let path = path(&["members", member]);
                self.print(&self.client.ask(Method::DELETE, &path).await?, show::changed_member)
            }
        }
    }

    async fn item(&self, command: &ItemCommand) -> Result<String, CommandError> {
        match command {
            ItemCommand::Add { torrent: Some(torrent), name, policy, .. } => {
                let path =
                    format!("{}?name={}&policy={}", path(&["items"]), escape(name), escape(policy));
                let item = self.client.hand_over(&path, read(torrent)?).await?;
                self.print(&item, show::added_item)
            }
            ItemCommand::Add { torrent: None, info_hash, name, policy } => {
                let new = AddItem {
                    name: name.clone(),
                    policy: policy.clone(),
                    info_hashes: info_hash.clone(),
                };
                let path = path(&["items"]);
                self.print(&self.client.tell(Method::POST, &path, &new).await?, show::added_item)
            }
            ItemCommand::List => {
                let items = self.list(&["items"], |item: &ItemView| item.id).await?;
                let stuck = if self.json { String::new() } else { self.stuck().await? };
                self.print(&items, |items| show::items(items) + &stuck)
            }
            ItemCommand::Show { item } => {
                self.print(&self.get(&["items", item]).await?, show::item)
            }
            ItemCommand::Set { item, details, prices } => {
                self.set_item(item, details, prices).await
            }
            ItemCommand::SetPolicy { item, policy, named } => {
                let policy = policy.as_ref().or(named.as_ref()).cloned().unwrap_or_default();
                let path = path(&["items", item, "policy"]);
                let to = SetPolicy { policy };
                self.print(&self.client.tell(Method::PUT, &path, &to).await?, show::changed_item)
            }
            ItemCommand::Remove { item } => {
                let path = path(&["items", item]);
                self.print(&self.client.ask(Method::DELETE, &path).await?, show::changed_item)
            }
        }
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        segments: &[&str],
    ) -> Result<T, CommandError> {
        Ok(self.client.ask(Method::GET, &path(segments)).await?)
    }

    /// All pages of a list.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        id: impl Fn(&T) -> u32,
    ) -> Result<Vec<T>, CommandError> {
        self.pages(&path(segments), id).await
    }

    /// All pages of a list whose path may hold a query.
    pub(crate) async fn pages<T: DeserializeOwned>(
        &self,
        path: &str,
        id: impl Fn(&T) -> u32,
    ) -> Result<Vec<T>, CommandError> {
        let sign = if path.contains('?') { '&' } else { '?' };
        let mut all = Vec::new();
        loop {
            let after = all.last().map_or(0, &id);
            let path = format!("{path}{sign}after={after}");
            let page: Vec<T> = self.client.ask(Method::GET, &path).await?;
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
        Ok(harmless(&text(answer)))
    }

    pub(crate) fn moment(&self, when: Option<When>) -> Result<Option<Timestamp>, CommandError> {
        Ok(when.map(|when| when.after(self.now)).transpose()?)
    }
}

/// What strangers wrote, such as a payer's name, must not steer the terminal: control characters are
/// shown escaped, but for tabs and the ends of lines.
fn harmless(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => c.to_string(),
        c if c.is_control() => c.escape_default().to_string(),
        c => c.to_string(),
    };
    text.chars().map(shown).collect()
}

fn right(member: &str, item: &str) -> String {
    path(&["members", member, "rights", item])
}

pub(crate) fn path(segments: &[&str]) -> String {
    segments.iter().fold("/api/v1".to_owned(), |path, segment| path + "/" + &escape(segment))
}

pub(crate) fn escape(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// Reads a file that the daemon may take; a larger one no further than that shows.
fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    let most = u64::try_from(MAX_BODY_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(|error| CommandError::File { path: path.to_owned(), error })?;
    Ok(bytes)
}

const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place_in_a_path() {
        assert_eq!(path(&["members", "ada"]), "/api/v1/members/ada");
        assert_eq!(right("a/b?c", "d e"), "/api/v1/members/a%2Fb%3Fc/rights/d%20e");
    }
}
