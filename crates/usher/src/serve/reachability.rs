//! Whether members' ports can be reached: a connection to each, tried once in a while.
//!
//! Only to the address that the announce came from, only so many at once, never for long, and the
//! outcome is kept: nobody can make the daemon knock at another's door, or at one door often.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use listen::clock::Clock;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracker::{Probe, SessionId, Tracker};

use crate::config::Reachability;

/// Tries the ports that wait.
pub(crate) struct PortProber {
    tracker: Arc<Tracker>,
    clock: Clock,
    known: HashMap<SocketAddr, ProbeOutcome>,
    /// Sessions that were told, and since when that is known, in the order they were told.
    told: VecDeque<(u32, SessionId)>,
    open: JoinSet<(Probe, bool)>,
}

#[derive(Clone, Copy)]
struct ProbeOutcome {
    reachable: bool,
    since_secs: u32,
}

impl PortProber {
    /// Nothing is known yet.
    pub(crate) fn new(tracker: Arc<Tracker>, clock: Clock) -> Self {
        let (known, told) = (HashMap::new(), VecDeque::new());
        Self { tracker, clock, known, told, open: JoinSet::new() }
    }

    /// Looks at what has come out and starts what waits, as far as there is room.
    pub(crate) fn round(&mut self, settings: &Reachability) {
        let now_secs = self.clock.now().secs;
        while let Some(tried) = self.open.try_join_next() {
            let Ok((probe, reachable)) = tried else { continue };
            self.tell(&probe, reachable, now_secs);
            if self.known.len() < MAX_KNOWN {
                self.known.insert(probe.address, ProbeOutcome { reachable, since_secs: now_secs });
            }
        }
        let keep_secs = settings.keep.as_secs();
        let is_kept = |since_secs: u32| u64::from(now_secs - since_secs) < keep_secs;
        self.known.retain(|_, known| is_kept(known.since_secs));
        while let Some((_, session)) = self.told.pop_front_if(|(since, _)| !is_kept(*since)) {
            self.tracker.forget_reachable(&session);
        }
        while self.open.len() < usize::from(settings.at_once) {
            let Some(probe) = self.tracker.take_probe() else { break };
            match self.known.get(&probe.address) {
                Some(&ProbeOutcome { reachable, since_secs }) => {
                    self.tell(&probe, reachable, since_secs);
                }
                None => {
                    self.open.spawn(knock(probe, settings.timeout));
                }
            }
        }
    }
}

impl PortProber {
    /// The answer is believed from `since_secs` on, for as long as it is kept.
    fn tell(&mut self, probe: &Probe, reachable: bool, since_secs: u32) {
        self.tracker.set_reachable(&probe.session, reachable);
        if self.told.len() >= MAX_KNOWN
            && let Some((_, oldest)) = self.told.pop_front()
        {
            self.tracker.forget_reachable(&oldest);
        }
        self.told.push_back((since_secs, probe.session));
    }
}

async fn knock(probe: Probe, limit: Duration) -> (Probe, bool) {
    let connected = timeout(limit, TcpStream::connect(probe.address)).await;
    (probe, matches!(connected, Ok(Ok(_))))
}

/// Outcomes remembered at once.
const MAX_KNOWN: usize = 100_000;

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use policy::{
        Aliases, Entitlements, Generation, ItemId, KeyGrant, Keyring, Label, MasterSecret,
        MemberId, MemberState, Notices, Roster, Rules, Standing, TierId,
    };
    use tokio::net::TcpListener;
    use tokio::task::yield_now;
    use tracker::{Members, Nat, Registration, Settings, Via};
    use wire::{Announce, AnnounceEvent, InfoHash, PeerId};

    use super::*;

    #[tokio::test]
    async fn an_answer_is_taken_back_when_it_is_kept_no_longer() {
        let listener = TcpListener::bind((HERE, 0)).await.unwrap();
        let (clock, tracker) = (Clock::start(), Arc::new(tracker()));
        announce(&tracker, clock, listener.local_addr().unwrap().port());
        let reachable = || tracker.item_swarm(ITEM, clock.now()).unwrap().peers[0].reachable;
        let mut reach = PortProber::new(Arc::clone(&tracker), clock);
        let settings = Reachability { enabled: true, ..Reachability::default() };
        while reachable().is_none() {
            reach.round(&settings);
            yield_now().await;
        }
        reach.round(&settings);
        assert_eq!(reachable(), Some(true));
        reach.round(&Reachability { keep: Duration::ZERO, ..settings });
        assert_eq!(reachable(), None);
    }

    fn announce(tracker: &Tracker, clock: Clock, port: u16) {
        let grant = KeyGrant { member: ada(), generation: Generation(0), item: ItemId::ANY };
        let announce = Announce {
            info_hash: FILM,
            peer_id: PeerId([1; 20]),
            port,
            uploaded: 0,
            downloaded: 0,
            left: 5,
            event: AnnounceEvent::Started,
            numwant: None,
            key: None,
            passkey: Some(keyring().issue(Label::Announce, grant)),
            compact: true,
            no_peer_id: false,
        };
        let mut scratch = tracker.scratch();
        tracker.announce(&announce, HERE, Via::Http, clock.now(), &mut scratch).unwrap();
    }

    fn tracker() -> Tracker {
        let settings = Settings {
            rules: Rules::default(),
            notices: Notices::new("https://club.example"),
            nat: Nat::default(),
            limits: swarm::SwarmLimits::default(),
            max_age_secs: 3700,
            probe_ports: true,
        };
        let policy = settings.rules.policies.find("free");
        let roster = Arc::new(Roster::new());
        let standing = Standing {
            tier: TierId::OUTSIDER,
            until: u32::MAX,
            then: TierId::OUTSIDER,
            state: MemberState::Active,
            generation: Generation(0),
            old_key_until: 0,
        };
        roster.set(ada(), standing);
        let members = Members {
            keyring: Arc::new(keyring()),
            aliases: Arc::new(Aliases::default()),
            roster,
            rights: Arc::new(Entitlements::default()),
        };
        let tracker = Tracker::new(settings, members, 42);
        let hashes = std::iter::once(FILM).collect();
        tracker.register(&Registration { id: ITEM, hashes, policy, tier: None, size: 5 });
        tracker
    }

    fn keyring() -> Keyring {
        Keyring::new(&MasterSecret::new([7; 32]), None)
    }

    fn ada() -> MemberId {
        MemberId::new(7).unwrap()
    }

    const ITEM: ItemId = ItemId(1);
    const FILM: InfoHash = InfoHash([1; 20]);
    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
}
