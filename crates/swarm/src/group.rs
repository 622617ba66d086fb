//! The four kinds of peer that a swarm keeps apart, so that a seat plan is drawn without filtering.

/// On which side of the club a peer stands, and whether it has everything.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Group {
    /// In the club, wants pieces.
    InsideLeechers,
    /// In the club, has all pieces.
    InsideSeeders,
    /// Not in the club, wants pieces.
    OutsideLeechers,
    /// Not in the club, has all pieces.
    OutsideSeeders,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 4] =
        [Self::InsideLeechers, Self::InsideSeeders, Self::OutsideLeechers, Self::OutsideSeeders];

    /// Whether its peers have all pieces.
    pub const fn is_seeders(self) -> bool {
        matches!(self, Self::InsideSeeders | Self::OutsideSeeders)
    }

    /// Whether its peers are in the club.
    pub const fn is_inside(self) -> bool {
        matches!(self, Self::InsideLeechers | Self::InsideSeeders)
    }
}

/// How many there are in each group: of candidates for a reply, of its seats, or of a swarm's
/// clients.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Census {
    /// In the club, with all pieces.
    pub inside_seeders: u32,
    /// In the club, wanting pieces.
    pub inside_leechers: u32,
    /// Not in the club, with all pieces.
    pub outside_seeders: u32,
    /// Not in the club, wanting pieces.
    pub outside_leechers: u32,
}

impl Census {
    /// All groups together.
    pub const fn total(&self) -> u32 {
        self.seeders().saturating_add(self.leechers())
    }

    /// Both sides' seeders.
    pub const fn seeders(&self) -> u32 {
        self.inside_seeders.saturating_add(self.outside_seeders)
    }

    /// Both sides' leechers.
    pub const fn leechers(&self) -> u32 {
        self.inside_leechers.saturating_add(self.outside_leechers)
    }

    /// The number in one group.
    pub const fn of(&self, group: Group) -> u32 {
        match group {
            Group::InsideLeechers => self.inside_leechers,
            Group::InsideSeeders => self.inside_seeders,
            Group::OutsideLeechers => self.outside_leechers,
            Group::OutsideSeeders => self.outside_seeders,
        }
    }

    /// The number in one group, to change.
    pub const fn of_mut(&mut self, group: Group) -> &mut u32 {
        match group {
            Group::InsideLeechers => &mut self.inside_leechers,
            Group::InsideSeeders => &mut self.inside_seeders,
            Group::OutsideLeechers => &mut self.outside_leechers,
            Group::OutsideSeeders => &mut self.outside_seeders,
        }
    }
}
