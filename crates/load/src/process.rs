//! What a process costs, as Linux has it under /proc.
//!
//! CPU time is that of all threads. Its sum is exact to a tick (10 ms); how it parts into user and
//! kernel is sampled at ticks where the kernel was built that way.

use std::{fs, io, ops::Sub, time::Duration};

use nix::unistd::{SysconfVar, sysconf};

/// CPU time used.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Cpu {
    /// In the process.
    pub(crate) user: Duration,
    /// In the kernel on the process's behalf, with what loopback does to the packets it sends.
    pub(crate) sys: Duration,
}

impl Cpu {
    /// What a process used since it started.
    ///
    /// # Errors
    ///
    /// Fails when there is no such process.
    pub(crate) fn of(pid: u32) -> io::Result<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        Self::parse(&text, ticks_a_second()).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Both together.
    pub(crate) const fn total(self) -> Duration {
        self.user.saturating_add(self.sys)
    }

    /// Reads the 14th and 15th field; the second, a name, may hold anything.
    fn parse(stat: &str, ticks_a_second: u32) -> Option<Self> {
        let (_, fields) = stat.rsplit_once(") ")?;
        let mut fields = fields.split_ascii_whitespace().skip(11);
        let mut ticks = || {
            let ticks: u32 = fields.next()?.parse().ok()?;
            Some(Duration::from_secs(ticks.into()) / ticks_a_second)
        };
        Some(Self { user: ticks()?, sys: ticks()? })
    }
}

impl Sub for Cpu {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            sys: self.sys.saturating_sub(earlier.sys),
        }
    }
}

/// The resident memory that is a process's own, in bytes: without the pages of its program and
/// libraries, of which more are there the more of the program has run.
///
/// # Errors
///
/// Fails when there is no such process.
pub(crate) fn resident(pid: u32) -> io::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    resident_in(&text).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn resident_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

/// How many datagrams this network namespace threw away since it started, for want of room in a
/// socket's buffer; 0 where the kernel does not tell.
pub(crate) fn dropped_datagrams() -> u64 {
    let text = fs::read_to_string("/proc/net/snmp").unwrap_or_default();
    dropped_in(&text).unwrap_or_default()
}

fn dropped_in(snmp: &str) -> Option<u64> {
    let mut lines = snmp.lines().filter_map(|line| line.strip_prefix("Udp: "));
    let (names, values) = (lines.next()?, lines.next()?);
    let mut pairs = names.split(' ').zip(values.split(' '));
    pairs.find_map(|(name, value)| if name == "RcvbufErrors" { value.parse().ok() } else { None })
}

fn ticks_a_second() -> u32 {
    let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten();
    ticks.and_then(|ticks| u32::try_from(ticks).ok()).filter(|ticks| *ticks > 0).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ticks_behind_a_name_with_spaces_and_brackets() {
        let stat = "7 (a) b (c) R 1 7 7 0 -1 4194304 100 0 0 0 150 25 0 0 20 0 1 0 9 1 1 1";
        let cpu = Cpu::parse(stat, 100).unwrap();
        assert_eq!(cpu.user, Duration::from_millis(1500));
        assert_eq!(cpu.sys, Duration::from_millis(250));
        assert_eq!(cpu.total(), Duration::from_millis(1750));
    }

    #[test]
    fn a_stat_cut_short_is_none() {
        assert_eq!(Cpu::parse("7 (a) R 1 7 7 0 -1 4194304 100 0 0 0 150", 100), None);
        assert_eq!(Cpu::parse("", 100), None);
    }

    #[test]
    fn reads_resident_memory_in_bytes() {
        assert_eq!(
            resident_in("VmRSS:\t  99999 kB\nRssAnon:\t    1234 kB\nThreads: 1\n"),
            Some(1_263_616)
        );
        assert_eq!(resident_in("Threads: 1\n"), None);
    }

    #[test]
    fn reads_drops_by_name() {
        let snmp = "Ip: A B\nIp: 1 2\nUdp: InDatagrams InErrors RcvbufErrors\nUdp: 5 6 7\n";
        assert_eq!(dropped_in(snmp), Some(7));
        assert_eq!(dropped_in(""), None);
    }

    #[test]
    fn this_process_has_memory_and_a_stranger_has_none() {
        let own = std::process::id();
        assert!(resident(own).unwrap() > 0);
        assert!(Cpu::of(own).is_ok());
        assert!(Cpu::of(u32::MAX).is_err());
    }
}
