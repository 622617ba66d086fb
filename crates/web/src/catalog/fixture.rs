//! What this crate's tests stand on: a real club, and the tracker that its changes show in.

use std::sync::Arc;

use club::{Club, Image, Items, Names, Sqlite, Store};
use policy::{Aliases, Entitlements, ItemId, Keyring, MasterSecret, Notices, Roster, Rules};
use tempfile::TempDir;
use tracker::{Members, Nat, Now, Registration, Settings, Tracker};

use super::urls::PublicUrls;

/// A club without members and items, in a folder of its own.
pub(crate) struct Fixture {
    pub(crate) club: Arc<Club>,
    pub(crate) tracker: Arc<Tracker>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) roster: Arc<Roster>,
    pub(crate) folder: TempDir,
}

impl Fixture {
    /// Builds one in which it is always `now`.
    pub(crate) async fn new(now: Now) -> Self {
        Self::with_store(now, |store| store).await
    }

    /// Builds one on what `wrap` makes of its store.
    pub(crate) async fn with_store(
        now: Now,
        wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keyring = Arc::new(Keyring::new(&MasterSecret::new([1; 32]), None));
        let (roster, rights) = (Arc::new(Roster::new()), Arc::new(Entitlements::default()));
        let aliases = Arc::<Aliases>::default();
        let members = Members {
            keyring: Arc::clone(&keyring),
            aliases: Arc::clone(&aliases),
            roster: Arc::clone(&roster),
            rights: Arc::clone(&rights),
        };
        let settings = Settings {
            rules: Rules::default(),
            notices: Notices::new(SITE),
            nat: Nat::default(),
            limits: swarm::SwarmLimits::default(),
            max_age_secs: 4050,
            probe_ports: false,
        };
        let tracker = Arc::new(Tracker::new(settings, members, 7));
        let items = Arc::new(Register { tracker: Arc::clone(&tracker), now });
        let image = Image { roster: Arc::clone(&roster), rights, aliases, items };
        let store = Arc::new(Sqlite::open(&folder.path().join("club.db")).await.unwrap());
        let names = Names::from(&Rules::default());
        let (club, _) = Club::open(wrap(store), image, names).await.unwrap();
        Self { club: Arc::new(club), tracker, keyring, roster, folder }
    }

    /// Where it says it can be reached.
    pub(crate) fn urls() -> PublicUrls {
        PublicUrls {
            site: SITE.to_owned(),
            announce: "http://t.example/announce".to_owned(),
            web_seed_tiers: Vec::new(),
        }
    }
}

/// Registers the club's items with the tracker.
struct Register {
    tracker: Arc<Tracker>,
    now: Now,
}

impl Items for Register {
    fn put(&self, item: &club::ListedItem) {
        self.tracker.register(&Registration {
            id: item.id,
            hashes: item.info_hashes.iter().copied().collect(),
            policy: item.policy,
            tier: item.tier,
            size: item.size_bytes.unwrap_or(0),
        });
    }

    fn remove(&self, item: ItemId) {
        self.tracker.remove(item, self.now);
    }
}

const SITE: &str = "http://club.example";
