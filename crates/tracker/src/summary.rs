//! How many clients each swarm has, for a table of all of them.

use policy::ItemId;
use swarm::Census;
use wire::InfoHash;

use crate::tracker::Tracker;

/// A swarm in a table; of a hybrid torrent's two the larger one, as most of its clients are in both.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SwarmSummary {
    /// Whose swarm it is; `None` for a torrent that is no item.
    pub item: Option<ItemId>,
    /// The first info hash.
    pub info_hash: InfoHash,
    /// Clients with all pieces in the club.
    pub inside_seeders: u32,
    /// Clients with pieces missing in the club.
    pub inside_leechers: u32,
    /// Clients with all pieces outside.
    pub outside_seeders: u32,
    /// Clients with pieces missing outside.
    pub outside_leechers: u32,
    /// Completed downloads.
    pub completed: u32,
    /// When a client announced last, in Unix seconds; `None` where nobody did since the start, or it is not known.
    pub last_announce: Option<u32>,
    /// Bytes of the content, where known.
    pub size: Option<u64>,
}

impl Tracker {
    /// Every item's swarm, and of the others those with the most clients, at most `others` of them. Takes a lock
    /// for reading for each item, and one for writing for each shard where there are others.
    pub fn swarm_summaries(&self, others: usize) -> Vec<SwarmSummary> {
        let items = self.items.iter().filter_map(|(id, item)| {
            let hashes = item.hashes();
            let larger = hashes.iter().filter_map(|hash| self.swarms.census(hash));
            let census = larger.max_by_key(Census::total).unwrap_or_default();
            Some(SwarmSummary {
                item: Some(id),
                completed: self.completed(&hashes),
                last_announce: item.last_announce(),
                size: item.size(),
                ..summary(*hashes.first()?, census)
            })
        });
        let strangers = self.swarms.largest_untagged(others).into_iter();
        let strangers = strangers.map(|(info_hash, census, completed)| SwarmSummary {
            completed,
            ..summary(info_hash, census)
        });
        items.chain(strangers).collect()
    }
}

const fn summary(info_hash: InfoHash, census: Census) -> SwarmSummary {
    SwarmSummary {
        item: None,
        info_hash,
        inside_seeders: census.inside_seeders,
        inside_leechers: census.inside_leechers,
        outside_seeders: census.outside_seeders,
        outside_leechers: census.outside_leechers,
        completed: 0,
        last_announce: None,
        size: None,
    }
}
