//! The numbers of one interval, which add up exactly: those of an hour are the sums of its minutes'.

use policy::ItemId;

/// What was counted in an interval.
///
/// Counts are what happened in it. Gauges (seeders, leechers, members) are sums of samples, one a
/// minute: divided by the number of samples they are means.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct HistoryPoint {
    /// Samples that were taken; of the tracker alone, whose samples are the items' as well.
    pub samples: u64,
    /// Seeders inside the club, a gauge.
    pub inside_seeders: u64,
    /// Leechers inside the club, a gauge.
    pub inside_leechers: u64,
    /// Seeders outside, a gauge.
    pub outside_seeders: u64,
    /// Leechers outside, a gauge.
    pub outside_leechers: u64,
    /// Members with a client in a swarm, a gauge; of the tracker alone.
    pub members: u64,
    /// Announces, refused ones included; of the tracker alone.
    pub announces: u64,
    /// Announces that were refused; of the tracker alone.
    pub refusals: u64,
    /// Completed downloads.
    pub completions: u64,
    /// Bytes that members' clients say they sent to peers.
    pub sent: u64,
    /// Bytes that members' clients say they received, from peers and from the web seed.
    pub received: u64,
    /// Bytes that the web seed sent.
    pub served: u64,
}

impl HistoryPoint {
    /// Whether nothing happened and nobody was there.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds another interval's numbers; sums stop at the highest number.
    pub fn add(&mut self, other: &Self) {
        let (mut sums, more) = (self.numbers(), other.numbers());
        for (sum, more) in sums.iter_mut().zip(more) {
            *sum = sum.saturating_add(more);
        }
        *self = Self::from_numbers(sums);
    }

    /// The same without the gauges, for an interval whose sample does not count.
    #[must_use]
    pub fn without_gauges(&self) -> Self {
        Self {
            announces: self.announces,
            refusals: self.refusals,
            completions: self.completions,
            sent: self.sent,
            received: self.received,
            served: self.served,
            ..Self::default()
        }
    }

    pub(crate) fn numbers(&self) -> [u64; NUMBERS] {
        [
            self.samples,
            self.inside_seeders,
            self.inside_leechers,
            self.outside_seeders,
            self.outside_leechers,
            self.members,
            self.announces,
            self.refusals,
            self.completions,
            self.sent,
            self.received,
            self.served,
        ]
    }

    pub(crate) fn from_numbers(numbers: [u64; NUMBERS]) -> Self {
        let [
            samples,
            inside_seeders,
            inside_leechers,
            outside_seeders,
            outside_leechers,
            members,
            announces,
            refusals,
            completions,
            sent,
            received,
            served,
        ] = numbers;
        Self {
            samples,
            inside_seeders,
            inside_leechers,
            outside_seeders,
            outside_leechers,
            members,
            announces,
            refusals,
            completions,
            sent,
            received,
            served,
        }
    }
}

/// How long an interval is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum HistoryStep {
    /// 86,400 seconds, from midnight in UTC.
    Day,
    /// 3600 seconds.
    Hour,
    /// 60 seconds.
    Minute,
}

impl HistoryStep {
    /// Every step, the longest first.
    pub const ALL: [Self; 3] = [Self::Day, Self::Hour, Self::Minute];

    /// How many seconds an interval has.
    pub const fn secs(self) -> u32 {
        match self {
            Self::Day => 86_400,
            Self::Hour => 3600,
            Self::Minute => 60,
        }
    }

    /// When the interval began that a moment is in, in Unix seconds.
    pub const fn floor(self, unix: u32) -> u32 {
        unix - unix % self.secs()
    }

    /// How long intervals are kept, in seconds; `None` for ever.
    pub(crate) const fn keep_secs(self) -> Option<u32> {
        match self {
            Self::Day => None,
            Self::Hour => Some(31 * 86_400),
            Self::Minute => Some(86_400),
        }
    }

    /// As the store has it. Minutes have the highest number: what is appended to the end of an
    /// index fills its pages.
    pub(crate) const fn level(self) -> u32 {
        match self {
            Self::Day => 0,
            Self::Hour => 1,
            Self::Minute => 2,
        }
    }
}

/// What a daemon counted in a minute.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HistorySample {
    /// When the minute began, in Unix seconds.
    pub at: u32,
    /// Of the tracker.
    pub tracker: HistoryPoint,
    /// Of items in which something happened, or somebody was.
    pub items: Vec<(ItemId, HistoryPoint)>,
}

/// Which numbers there are; new ones are added at the end.
pub(crate) const NUMBERS: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_of_each_number_and_stop_at_the_highest() {
        let mut numbers = [0; NUMBERS];
        for (number, value) in numbers.iter_mut().zip(1..) {
            *number = value;
        }
        let mut point = HistoryPoint::from_numbers(numbers);
        assert_eq!(point.numbers(), numbers);
        point.add(&point.clone());
        assert_eq!(point.numbers(), numbers.map(|number| number * 2));
        point.add(&HistoryPoint { served: u64::MAX, ..HistoryPoint::default() });
        assert_eq!((point.served, point.samples), (u64::MAX, 2));
        let counts = point.without_gauges();
        assert_eq!((counts.samples, counts.inside_seeders, counts.members), (0, 0, 0));
        assert_eq!((counts.announces, counts.served), (14, u64::MAX));
    }

    #[test]
    fn intervals_begin_at_multiples_of_their_length() {
        let at = 1_800_012_345;
        let floors = HistoryStep::ALL.map(|step| step.floor(at));
        assert_eq!(floors, [1_799_971_200, 1_800_010_800, 1_800_012_300]);
    }
}
