//! Swarms and sessions on disk, so that a restart empties no peer list.
//!
//! A snapshot is a header, records, and a BLAKE3 hash of all before it. It is read twice, record by
//! record in bounded memory, and the hash is checked before any of it counts: a damaged one is a cold
//! start, which heals by itself within an announce interval. Ages are stored, not times, since the clock starts anew with the daemon; the
//! time in between is added from the calendar.

use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use arrayvec::ArrayVec;
use policy::{ItemId, MemberId};
use swarm::{Age, Endpoint, Group, PeerEntry, Swarms, Tick};
use thiserror::Error;
use wire::{CompactV4, CompactV6, InfoHash, PeerId};

use crate::Now;
use crate::items::ItemTable;
use crate::session::{ClientSession, Flag, SessionId};
use crate::sessions::Sessions;

/// How much was written or read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SnapshotStats {
    /// Swarms, or parts of large ones.
    pub swarms: usize,
    /// Peers in them.
    pub peers: usize,
    /// Sessions of items.
    pub sessions: usize,
}

/// Why a snapshot cannot be used.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// The bytes are not those that were written.
    #[error("its checksum does not fit")]
    Checksum,
    /// It is no snapshot.
    #[error("it does not begin as a snapshot does")]
    Header,
    /// It can't be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A record makes no sense, although the checksum fits.
    #[error("a record in it makes no sense")]
    Record,
    /// Another version of the daemon wrote it.
    #[error("it is of version {0}, and this daemon reads version {VERSION}")]
    Version(u16),
}

/// Writes all swarms and sessions, one shard at a time.
pub(crate) fn write(
    swarms: &Swarms,
    sessions: &Sessions,
    now: Now,
    out: &mut impl Write,
) -> io::Result<SnapshotStats> {
    let mut out = HashingWriter { out, hasher: blake3::Hasher::new() };
    let mut saved = SnapshotStats::default();
    out.put(MAGIC)?;
    out.put(&VERSION.to_be_bytes())?;
    out.put(&now.unix.to_be_bytes())?;
    // Records are made in memory under a shard's lock and written after it.
    let mut records = Vec::new();
    for shard in 0..Swarms::SHARDS {
        let mut written = Ok(());
        swarms.dump(shard, Tick::at(now.secs), |info_hash, completed, peers| {
            // A large swarm comes in parts, each a record of its own.
            saved.swarms += 1;
            saved.peers += peers.len();
            put_swarm(&mut records, info_hash, completed, peers);
            if records.len() >= MANY_BYTES && written.is_ok() {
                written = out.put(&records);
                records.clear();
            }
        });
        written?;
        out.put(&records)?;
        records.clear();
    }
    for shard in 0..Sessions::SHARDS {
        sessions.for_each_in(shard, |session| {
            saved.sessions += 1;
            put_session(&mut records, session, now.secs);
        });
        out.put(&records)?;
        records.clear();
    }
    out.put(&[END])?;
    let HashingWriter { out, hasher } = out;
    out.write_all(hasher.finalize().as_bytes())?;
    out.flush()?;
    Ok(saved)
}

/// Puts back what a snapshot holds and is not too old.
pub(crate) fn read(
    input: &mut (impl Read + Seek),
    swarms: &Swarms,
    sessions: &Sessions,
    items: &ItemTable,
    now: Now,
    max_age_secs: u32,
) -> Result<SnapshotStats, SnapshotError> {
    let len = input.seek(SeekFrom::End(0))?;
    let content = len.checked_sub(HASH_BYTES).ok_or(SnapshotError::Header)?;
    input.rewind()?;
    let mut records = Records(BufReader::with_capacity(MANY_BYTES, &mut *input).take(content));
    read_header(&mut records)?;
    check_hash(input, content)?;

    input.rewind()?;
    let mut records = Records(BufReader::with_capacity(MANY_BYTES, &mut *input).take(content));
    read_header(&mut records)?;
    let written = u32::from_be_bytes(records.bytes()?);
    let since = now.unix.saturating_sub(written);
    let mut saved = SnapshotStats::default();
    loop {
        match records.byte()? {
            SWARM => {
                let peers = restore_swarm(&mut records, swarms, now, since, max_age_secs)?;
                saved.swarms += 1;
                saved.peers += peers;
            }
            SESSION => {
                let session = take_session(&mut records, now.secs, since, max_age_secs)?;
                if let Some(session) = session.filter(|own| items.get(own.item()).is_some()) {
                    sessions.restore(session);
                    saved.sessions += 1;
                }
            }
            END => return Ok(saved),
            _ => return Err(SnapshotError::Record),
        }
    }
}

/// Reads what every snapshot begins with.
fn read_header(records: &mut Records<impl Read>) -> Result<(), SnapshotError> {
    let magic: [u8; MAGIC.len()] = records.bytes().map_err(|_| SnapshotError::Header)?;
    if magic != *MAGIC {
        return Err(SnapshotError::Header);
    }
    let version = u16::from_be_bytes(records.bytes()?);
    if version == VERSION { Ok(()) } else { Err(SnapshotError::Version(version)) }
}

/// Checks the hash of the first `content` bytes, which stands behind them.
fn check_hash(input: &mut (impl Read + Seek), content: u64) -> Result<(), SnapshotError> {
    input.rewind()?;
    let mut hasher = blake3::Hasher::new();
    let hashed = io::copy(&mut (&mut *input).take(content), &mut hasher)?;
    let mut hash = [0; blake3::OUT_LEN];
    input.read_exact(&mut hash)?;
    let fits = hashed == content && hasher.finalize() == blake3::Hash::from_bytes(hash);
    if fits { Ok(()) } else { Err(SnapshotError::Checksum) }
}

fn put_swarm(records: &mut Vec<u8>, info_hash: &InfoHash, completed: u32, peers: &[PeerEntry]) {
    records.push(SWARM);
    records.extend_from_slice(&info_hash.0);
    records.extend_from_slice(&completed.to_be_bytes());
    records.extend_from_slice(&u32::try_from(peers.len()).unwrap_or(u32::MAX).to_be_bytes());
    for peer in peers {
        records.push(marks(peer));
        put_age(records, peer.age.secs());
        put_endpoint(records, peer.endpoint);
    }
}

fn restore_swarm(
    records: &mut Records<impl Read>,
    swarms: &Swarms,
    now: Now,
    since: u32,
    max_age_secs: u32,
) -> Result<usize, SnapshotError> {
    let info_hash = InfoHash(records.bytes()?);
    let completed = u32::from_be_bytes(records.bytes()?);
    let count = u32::from_be_bytes(records.bytes()?);
    let mut peers = Vec::new();
    let mut restored = 0;
    for _ in 0..count {
        let marks = records.byte()?;
        let age_secs = records.age()?.saturating_add(since);
        let endpoint = records.endpoint()?;
        if age_secs <= max_age_secs {
            peers.push(PeerEntry {
                endpoint,
                group: group(marks),
                paused: marks & PAUSED != 0,
                held: marks & HELD != 0,
                second: marks & SECOND != 0,
                age: Age::from_secs(age_secs),
            });
        }
        if peers.len() == MANY_PEERS {
            restored += peers.len();
            // Past a limit the rest is left out, as it would be if it announced.
            let _ = swarms.restore(&info_hash, completed, Tick::at(now.secs), &peers);
            peers.clear();
        }
    }
    let _ = swarms.restore(&info_hash, completed, Tick::at(now.secs), &peers);
    Ok(restored + peers.len())
}

fn put_session(records: &mut Vec<u8>, session: &ClientSession, now_secs: u32) {
    let id = session.id();
    records.push(SESSION);
    records.extend_from_slice(&id.peer_id.0);
    for number in [id.key, id.item.0, id.member.map_or(0, MemberId::value), session.epoch] {
        records.extend_from_slice(&number.to_be_bytes());
    }
    for number in [session.left().unwrap_or(u64::MAX), session.uploaded(), session.downloaded()] {
        records.extend_from_slice(&number.to_be_bytes());
    }
    records.push(session.flags());
    let endpoints: ArrayVec<Endpoint, 2> = session.endpoints().collect();
    records.push(u8::try_from(endpoints.len()).unwrap_or(0));
    for endpoint in endpoints {
        put_age(records, session.family_age_secs(endpoint, now_secs).unwrap_or(0));
        put_endpoint(records, endpoint);
    }
}

/// Reads a session; `None` where it is too old, or of no member there can be.
fn take_session(
    records: &mut Records<impl Read>,
    now_secs: u32,
    since: u32,
    max_age_secs: u32,
) -> Result<Option<ClientSession>, SnapshotError> {
    let peer_id = PeerId(records.bytes()?);
    let mut number = || Ok::<_, SnapshotError>(u32::from_be_bytes(records.bytes()?));
    let (key, item, member, epoch) = (number()?, number()?, number()?, number()?);
    let mut counter = || Ok::<_, SnapshotError>(u64::from_be_bytes(records.bytes()?));
    let (left, uploaded, downloaded) = (counter()?, counter()?, counter()?);
    let flags = records.byte()?;
    let id = SessionId { item: ItemId(item), member: MemberId::new(member), peer_id, key };
    let mut session = ClientSession::new(id, epoch);
    session.set_left(left);
    session.set_counters(uploaded, downloaded);
    session.set_flags(flags);
    // Nobody is left who would say when that is too old.
    session.set_flag(Flag::Probed, false);
    for _ in 0..records.byte()? {
        let age_secs = records.age()?.saturating_add(since);
        let endpoint = records.endpoint()?;
        if age_secs <= max_age_secs {
            session.see(endpoint, now_secs.wrapping_sub(age_secs));
        }
    }
    if !session.endpoints().any(|own| matches!(own, Endpoint::V4(_))) {
        session.set_flag(Flag::CountedByV4, false);
        session.set_flag(Flag::CountedByV4InSecond, false);
    }
    let is_nobodys = member != 0 && id.member.is_none();
    Ok((session.endpoints().next().is_some() && !is_nobodys).then_some(session))
}

fn put_age(records: &mut Vec<u8>, age_secs: u32) {
    records.extend_from_slice(&u16::try_from(age_secs).unwrap_or(u16::MAX).to_be_bytes());
}

fn put_endpoint(records: &mut Vec<u8>, endpoint: Endpoint) {
    match endpoint {
        Endpoint::V4(CompactV4(bytes)) => {
            records.push(4);
            records.extend_from_slice(&bytes);
        }
        Endpoint::V6(CompactV6(bytes)) => {
            records.push(6);
            records.extend_from_slice(&bytes);
        }
    }
}

fn marks(peer: &PeerEntry) -> u8 {
    let set = |is: bool, mark: u8| if is { mark } else { 0 };
    set(peer.group.is_seeders(), SEEDER)
        | set(peer.group.is_inside(), INSIDE)
        | set(peer.paused, PAUSED)
        | set(peer.held, HELD)
        | set(peer.second, SECOND)
}

const fn group(marks: u8) -> Group {
    match (marks & INSIDE != 0, marks & SEEDER != 0) {
        (true, true) => Group::InsideSeeders,
        (true, false) => Group::InsideLeechers,
        (false, true) => Group::OutsideSeeders,
        (false, false) => Group::OutsideLeechers,
    }
}

/// What is left of a snapshot, read from the front.
struct Records<R>(R);

impl<R: Read> Records<R> {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let mut bytes = [0; N];
        match self.0.read_exact(&mut bytes) {
            Ok(()) => Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(SnapshotError::Record)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn byte(&mut self) -> Result<u8, SnapshotError> {
        let [byte] = self.bytes()?;
        Ok(byte)
    }

    fn age(&mut self) -> Result<u32, SnapshotError> {
        Ok(u16::from_be_bytes(self.bytes()?).into())
    }

    fn endpoint(&mut self) -> Result<Endpoint, SnapshotError> {
        match self.byte()? {
            4 => Ok(Endpoint::V4(CompactV4(self.bytes()?))),
            6 => Ok(Endpoint::V6(CompactV6(self.bytes()?))),
            _ => Err(SnapshotError::Record),
        }
    }
}

/// Hashes what it passes on.
struct HashingWriter<'a, W> {
    out: &'a mut W,
    hasher: blake3::Hasher,
}

impl<W: Write> HashingWriter<'_, W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.out.write_all(bytes)
    }
}

const MAGIC: &[u8; 15] = b"usher snapshot\n";
const VERSION: u16 = 1;
const HASH_BYTES: u64 = 32;
/// Bytes that are read or written at once.
const MANY_BYTES: usize = 1 << 16;
/// Peers that are put back at once.
const MANY_PEERS: usize = 1024;
const END: u8 = 0;
const SWARM: u8 = 1;
const SESSION: u8 = 2;

const SEEDER: u8 = 1;
const INSIDE: u8 = 1 << 1;
const PAUSED: u8 = 1 << 2;
const HELD: u8 = 1 << 3;
const SECOND: u8 = 1 << 4;
