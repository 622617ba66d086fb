//! What the admin API stands on, and the small questions that all of it asks.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use api::error::ProblemKind;
use api::member::{MemberKey, NamedId};
use api::publish::Stuck;
use api::right::{BoundKey, RightView};
use api::stats::MemoryUse;
use arc_swap::ArcSwap;
use club::{AccessScope, Club, Fault, Stamp};
use jiff::Timestamp;
use policy::{AliasHash, ItemId, KeyGrant, Keyring, Label, MemberId, Notices};
use tracker::{Now, Tracker};
use wire::Passkey;

use super::attempts::Attempts;
use super::caller::Caller;
use super::error::ApiError;
use super::members;
use super::overview::Overview;
use super::stream_feed::StreamFeed;
use crate::admins::TotpKey;
use crate::catalog::{
    LinkBuilder, OutsideError, PublicUrls, Publisher, RootLinks, TorrentAccess, resolve_new_beneath,
};
use crate::hooks::WebhookSender;
use crate::http::TimeSource;
use crate::mail::Mailer;
use crate::pay::Payments;

/// What the admin API stands on.
pub struct Admin {
    pub(super) club: Arc<Club>,
    pub(super) tracker: Arc<Tracker>,
    /// Wrong voucher codes, by member.
    pub(super) attempts: Attempts,
    keyring: Arc<Keyring>,
    public: ArcSwap<Public>,
    publisher: Publisher,
    stuck: Mutex<Vec<Stuck>>,
    secret_file: PathBuf,
    clock: TimeSource,
    payments: Option<Arc<Payments>>,
    buffers: BufferUse,
    proxy_faults: ProxyFaults,
    mailer: Option<Arc<Mailer>>,
    webhooks: Option<Arc<WebhookSender>>,
    publisher_name: ArcSwap<String>,
    pub(super) overview: Overview,
    pub(super) feed: StreamFeed,
    desk: Option<DeskDoor>,
    roots: ArcSwap<HostRoots>,
}

/// What links to the dashboard are made with.
pub(super) struct DeskDoor {
    pub(super) key: Arc<TotpKey>,
    /// What its URLs begin with, without a last `/`.
    pub(super) url: String,
}

/// The folders on the host that tokens reach. The Unix socket reaches everything.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HostRoots {
    /// Where what they publish lies; `None` where nothing is published over the network.
    pub items: Option<PathBuf>,
    /// Where their backups go; `None` where none are made over the network.
    pub backups: Option<PathBuf>,
}

/// Where it is known what is held for clients.
type BufferUse = Box<dyn Fn() -> MemoryUse + Send + Sync>;

/// Says what is wrong with proxies, a sentence each.
type ProxyFaults = Box<dyn Fn() -> Vec<String> + Send + Sync>;

/// What depends on where the publisher can be reached.
struct Public {
    urls: Arc<PublicUrls>,
    notices: Notices,
}

impl Public {
    fn new(urls: PublicUrls) -> Self {
        Self { notices: Notices::new(&urls.site), urls: Arc::new(urls) }
    }
}

impl Admin {
    /// Joins the parts. `secret_file` holds the master secret, for backups that ask for it.
    pub fn new(
        club: Arc<Club>,
        tracker: Arc<Tracker>,
        keyring: Arc<Keyring>,
        urls: PublicUrls,
        secret_file: PathBuf,
        clock: TimeSource,
    ) -> Self {
        Self {
            publisher: Publisher::new(Arc::clone(&club), Arc::clone(&tracker)),
            stuck: Mutex::default(),
            public: ArcSwap::from_pointee(Public::new(urls)),
            club,
            tracker,
            attempts: Attempts::default(),
            keyring,
            secret_file,
            clock,
            payments: None,
            buffers: Box::new(MemoryUse::default),
            proxy_faults: Box::new(Vec::new),
            mailer: None,
            webhooks: None,
            publisher_name: ArcSwap::default(),
            overview: Overview::new(),
            feed: StreamFeed::new(),
            desk: None,
            roots: ArcSwap::default(),
        }
    }

    /// With the dashboard, whose URLs begin with `url`, and the key of its admins' secrets.
    #[must_use]
    pub fn with_desk(self, key: Arc<TotpKey>, url: String) -> Self {
        Self { desk: Some(DeskDoor { key, url }), ..self }
    }

    pub(super) fn desk(&self) -> Result<&DeskDoor, ApiError> {
        self.desk.as_ref().ok_or_else(|| ApiError::missing("this daemon has no dashboard"))
    }

    /// With somebody who knows what is wrong with proxies.
    #[must_use]
    pub fn with_proxy_faults(self, proxy_faults: ProxyFaults) -> Self {
        Self { proxy_faults, ..self }
    }

    pub(super) fn proxy_faults(&self) -> Vec<String> {
        let faults = (self.proxy_faults)();
        if Caller::may(AccessScope::ReadMembers) {
            return faults;
        }
        // They name addresses.
        faults
            .iter()
            .map(|_| "a proxy hides its clients: `usher stats` names it".to_owned())
            .collect()
    }

    /// With payments, for checkouts at providers.
    #[must_use]
    pub fn with_payments(self, payments: Arc<Payments>) -> Self {
        Self { payments: Some(payments), ..self }
    }

    /// With what is held for clients, for the statistics.
    #[must_use]
    pub fn with_buffers(self, buffers: impl Fn() -> MemoryUse + Send + Sync + 'static) -> Self {
        Self { buffers: Box::new(buffers), ..self }
    }

    pub(super) fn buffers(&self) -> MemoryUse {
        (self.buffers)()
    }

    /// With a mailer, for test messages.
    #[must_use]
    pub fn with_mailer(self, mailer: Arc<Mailer>) -> Self {
        Self { mailer: Some(mailer), ..self }
    }

    pub(super) fn mailer(&self) -> Result<&Mailer, ApiError> {
        self.mailer.as_deref().ok_or_else(|| ApiError::missing("this daemon sends no mail"))
    }

    /// With a sender of webhooks.
    #[must_use]
    pub fn with_webhooks(self, webhooks: Arc<WebhookSender>) -> Self {
        Self { webhooks: Some(webhooks), ..self }
    }

    pub(super) fn webhooks(&self) -> Result<&WebhookSender, ApiError> {
        self.webhooks.as_deref().ok_or_else(|| ApiError::missing("this daemon sends no webhooks"))
    }

    /// Calls the publisher otherwise from now on, in mail.
    pub fn set_publisher_name(&self, name: String) {
        self.publisher_name.store(Arc::new(name));
    }

    pub(super) fn publisher_name(&self) -> Arc<String> {
        self.publisher_name.load_full()
    }

    /// What the site's URLs begin with.
    pub(super) fn site_url(&self) -> String {
        self.public.load().urls.site.clone()
    }

    pub(super) fn payments(&self) -> Result<&Arc<Payments>, ApiError> {
        self.payments.as_ref().ok_or_else(|| ApiError::missing("this daemon takes no payments"))
    }

    /// Replaces the URLs, after a reload of the configuration.
    pub fn set_urls(&self, urls: PublicUrls) {
        self.public.store(Arc::new(Public::new(urls)));
    }

    /// Publishes.
    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// Notes what lies in the watched folder and can't be published, instead of what did before.
    pub fn set_stuck(&self, stuck: Vec<Stuck>) {
        *self.stuck.lock().unwrap_or_else(PoisonError::into_inner) = stuck;
    }

    pub(super) fn stuck(&self) -> Vec<Stuck> {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets `make` make URLs.
    pub(super) fn links<T>(&self, make: impl FnOnce(LinkBuilder<'_>) -> T) -> T {
        make(LinkBuilder { keyring: &self.keyring, urls: &self.public.load().urls })
    }

    /// Whose torrent a member's would be.
    pub(super) fn torrent_access(&self) -> TorrentAccess<'_> {
        TorrentAccess {
            club: &self.club,
            tracker: &self.tracker,
            urls: Arc::clone(&self.public.load().urls),
            now: self.now(),
        }
    }

    /// Lets tokens reach these folders from now on.
    pub fn set_roots(&self, roots: HostRoots) {
        self.roots.store(Arc::new(roots));
    }

    /// How far whoever asks may publish.
    pub(super) fn publishing(&self) -> Result<RootLinks, ApiError> {
        if Caller::owns_host() {
            return Ok(RootLinks::Follow);
        }
        let none = "nothing is published over the network: name a folder in `items_dir` of tracker.yaml, \
                    or publish on the host";
        let items = self.roots.load().items.clone();
        items.map(RootLinks::Beneath).ok_or_else(|| ApiError::of(ProblemKind::OutsideRoots, none))
    }

    /// The file of a backup, where whoever asks may have it written.
    pub(super) fn backup_file(&self, file: &Path) -> Result<PathBuf, ApiError> {
        if Caller::owns_host() {
            return Ok(file.to_owned());
        }
        let none = "no backup is made over the network: make it on the host";
        let folder = self.roots.load().backups.clone();
        let folder = folder.ok_or_else(|| ApiError::of(ProblemKind::OutsideRoots, none))?;
        Ok(resolve_new_beneath(file, &folder)?)
    }

    pub(super) fn secret_file(&self) -> &Path {
        &self.secret_file
    }

    pub(super) fn now(&self) -> Now {
        (self.clock)()
    }

    /// Who makes a change, for the record of it.
    pub(super) fn who(&self) -> String {
        Caller::current().map_or_else(|| "usher".to_owned(), |caller| caller.name())
    }

    /// For the record of a change.
    pub(super) fn stamp(&self) -> Stamp {
        Stamp { who: self.who(), now_unix: self.now().unix }
    }

    /// A member with the passkey in force.
    pub(super) fn with_key(&self, member: club::Member) -> MemberKey {
        let grant =
            KeyGrant { member: member.id, generation: member.generation, item: ItemId::ANY };
        let passkey = self.keyring.issue(Label::Announce, grant);
        let passkey = String::from_utf8_lossy(passkey.expose()).into_owned();
        let announce_url = self.links(|links| links.announce(grant));
        MemberKey { member: members::view(member), passkey, announce_url }
    }

    /// What a passkey of another tracker is kept as.
    pub(super) fn alias(&self, passkey: &Passkey) -> AliasHash {
        self.keyring.alias_hash(passkey)
    }

    /// The passkey in force that is bound to one item.
    pub(super) async fn bound_key(&self, held: &club::Entitlement) -> Result<BoundKey, ApiError> {
        let club::Entitlement { member, item, generation, .. } = *held;
        let grant = KeyGrant { member, generation, item };
        let passkey = self.keyring.issue(Label::Announce, grant);
        let passkey = String::from_utf8_lossy(passkey.expose()).into_owned();
        let announce_url = self.links(|links| links.announce(grant));
        let (member, item) = (self.name_member(member).await?, self.name_item(item).await?);
        Ok(BoundKey { member, item, passkey, announce_url })
    }

    pub(super) fn refusal(&self, refusal: policy::Refusal) -> String {
        self.public.load().notices.refusal(refusal).to_owned()
    }

    pub(super) fn warning(&self, warning: policy::Warning) -> String {
        self.public.load().notices.warning(warning).to_owned()
    }

    pub(super) async fn name_member(&self, id: MemberId) -> Result<NamedId, ApiError> {
        let member = self.club.member(&id.to_string()).await?;
        Ok(NamedId { id: id.value(), name: member.name })
    }

    /// The member that a query narrows a list to.
    pub(super) async fn wanted_member(
        &self,
        typed: Option<&str>,
    ) -> Result<Option<MemberId>, ApiError> {
        let Some(typed) = typed else { return Ok(None) };
        match self.club.member(typed).await {
            Ok(member) => Ok(Some(member.id)),
            Err(error) => Err(wrong_field("member", error)),
        }
    }

    /// The item that a query narrows a list to; `all` is that of all items.
    pub(super) async fn wanted_item(
        &self,
        typed: Option<&str>,
    ) -> Result<Option<ItemId>, ApiError> {
        match typed {
            None => Ok(None),
            Some("all") => Ok(Some(ItemId::ANY)),
            Some(typed) => match self.club.item(typed).await {
                Ok(item) => Ok(Some(item.id)),
                Err(error) => Err(wrong_field("item", error)),
            },
        }
    }

    /// The member of an order, where it has one.
    pub(super) async fn name_buyer(
        &self,
        member: Option<MemberId>,
    ) -> Result<Option<NamedId>, ApiError> {
        match member {
            Some(id) => self.name_member(id).await.map(Some),
            None => Ok(None),
        }
    }

    pub(super) async fn name_item(&self, id: ItemId) -> Result<NamedId, ApiError> {
        let name = match id {
            ItemId::ANY => "all".to_owned(),
            _ => self.club.item(&id.to_string()).await?.name,
        };
        Ok(NamedId { id: id.0, name })
    }

    /// A right with the names of both ends: two reads of the store.
    pub(super) async fn describe(&self, right: club::Entitlement) -> Result<RightView, ApiError> {
        Ok(RightView {
            member: self.name_member(right.member).await?,
            item: self.name_item(right.item).await?,
            until: right.until.map(moment),
            granted: moment(right.granted),
            revoked: right.revoked.map(moment),
        })
    }

    /// Several of them. O(rights) reads of the store, for a page of them at most.
    pub(super) async fn describe_all(
        &self,
        rights: Vec<club::Entitlement>,
    ) -> Result<Vec<RightView>, ApiError> {
        let mut described = Vec::with_capacity(rights.len());
        for right in rights {
            described.push(self.describe(right).await?);
        }
        Ok(described)
    }
}

impl From<OutsideError> for ApiError {
    fn from(error: OutsideError) -> Self {
        let kind = match error {
            OutsideError::Io { .. } => ProblemKind::Unprocessable,
            OutsideError::Outside { .. } => ProblemKind::OutsideRoots,
        };
        Self::of(kind, error.to_string()).in_field("path")
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin").finish_non_exhaustive()
    }
}

/// Names that are in a query are wrong where nobody has them; the list itself is there.
fn wrong_field(field: &str, error: club::Error) -> ApiError {
    match error.fault() {
        Fault::Missing => ApiError::unprocessable(error.to_string()).in_field(field),
        _ => error.into(),
    }
}

/// A moment of the store's, for people.
pub(super) fn moment(unix: u32) -> Timestamp {
    Timestamp::from_second(unix.into()).unwrap_or_default()
}

/// The end of a right, for the store.
pub(super) fn unix(until: Option<Timestamp>) -> Result<Option<u32>, ApiError> {
    let seconds = |until: Timestamp| {
        u32::try_from(until.as_second())
            .map_err(|_| ApiError::unprocessable(format!("{until} is not between 1970 and 2106")))
    };
    until.map(seconds).transpose()
}
