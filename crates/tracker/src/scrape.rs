//! The numbers of swarms, for whoever may know them.

use policy::{Audience, Headcount, ItemRules};
use wire::http::Scrape;
use wire::{FailureReply, InfoHash, ScrapeStats};

use crate::Now;
use crate::answer::failure;
use crate::scratch::Scratch;
use crate::settings::Settings;
use crate::tracker::Tracker;

impl Tracker {
    /// The numbers of a swarm for somebody without a passkey, as every UDP scrape is; `None` for a
    /// swarm that is not known, or is for members alone.
    pub fn scrape_open(&self, info_hash: &InfoHash) -> Option<ScrapeStats> {
        self.scrape_one(info_hash, |item| self.who(item) == Some(Audience::Anyone))
    }

    /// Who is in a swarm that anybody may know of, for people to read; of a hybrid's two swarms the larger one, as most
    /// of its clients are in both. `None` for swarms that are not known, or are for members alone.
    pub fn open_headcount(&self, info_hashes: &[InfoHash]) -> Option<Headcount> {
        let counts = info_hashes.iter().filter_map(|info_hash| {
            let (id, item) = self.item_of(self.swarms.find(info_hash).tag())?;
            let is_open = self.who(item.view(id)?) == Some(Audience::Anyone);
            is_open.then(|| self.swarms.census(info_hash))?
        });
        let larger = counts.max_by_key(swarm::Census::total)?;
        Some(Headcount {
            inside_seeders: larger.inside_seeders,
            inside_leechers: larger.inside_leechers,
            outside_seeders: larger.outside_seeders,
            outside_leechers: larger.outside_leechers,
        })
    }

    /// How often clients completed an item's torrent; of a hybrid's two swarms the larger number, as most of its
    /// clients announce under both.
    pub fn completed(&self, info_hashes: &[InfoHash]) -> u32 {
        let counts = info_hashes.iter().filter_map(|hash| self.swarms.scrape(hash));
        counts.map(|counts| counts.completed).max().unwrap_or(0)
    }

    /// Answers a scrape over HTTP, appended to `out`. A swarm that is not known, or not for the
    /// passkey's holder to know, has no peers, as over UDP (BEP 15): clients take a swarm that is
    /// left out for a broken reply.
    ///
    /// # Errors
    ///
    /// Fails with the reply for a passkey that an announce would be refused for.
    pub fn scrape<'s>(
        &self,
        scrape: &Scrape<'_>,
        now: Now,
        scratch: &'s mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<(), FailureReply<'s>> {
        let Scratch { settings, buffers, .. } = scratch;
        let settings: &Settings = settings.load();
        let authorizer = settings.authorizer(&self.members);
        if let Some(passkey) = &scrape.passkey
            && let Err(refusal) = authorizer.check_passkey(passkey, now.unix)
        {
            return Err(failure(settings, refusal, buffers));
        }
        let is_entitled = |item: ItemRules| {
            let member = authorizer.member(scrape.passkey.as_ref()?, item.id, now.unix)?;
            Some(authorizer.access(member, item, now.unix)?.entitled)
        };
        let may_know = |item: ItemRules| {
            self.who(item) == Some(Audience::Anyone) || is_entitled(item) == Some(true)
        };
        let files = scrape
            .info_hashes()
            .map(|hash| (hash, self.scrape_one(&hash, may_know).unwrap_or_default()));
        let min_secs = settings.rules.tiers.tier(policy::TierId::OUTSIDER).intervals.min_secs();
        wire::http::encode_scrape(files, Some(min_secs), out);
        Ok(())
    }

    fn scrape_one(
        &self,
        info_hash: &InfoHash,
        may_know: impl Fn(ItemRules) -> bool,
    ) -> Option<ScrapeStats> {
        let found = self.swarms.find(info_hash);
        let item = self.item_of(found.tag());
        if let Some((id, item)) = item
            && !may_know(item.view(id)?)
        {
            return None;
        }
        let counts = self.swarms.scrape(info_hash)?;
        Some(ScrapeStats {
            complete: counts.seeders,
            downloaded: counts.completed,
            incomplete: counts.leechers,
            downloaders: counts.leechers.saturating_sub(counts.paused),
        })
    }

    fn who(&self, item: ItemRules) -> Option<Audience> {
        Some(self.settings.load().rules.policies.of(item)?.who)
    }
}
