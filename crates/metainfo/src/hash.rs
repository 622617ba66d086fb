//! Reads files and hashes their pieces, on as many cores as it is given.
//!
//! Each thread takes the next run of pieces and reads it in blocks small enough to stay in the
//! core's cache between the copy from the page cache and the hash; both hashes of a hybrid come
//! from one read. Where the processor has lanes for it, sixteen pieces are read and hashed together,
//! and the kernel is told of the whole run before, so that a disk reads it from start to end. Memory
//! is sixteen blocks a thread and 52 bytes a piece.

use std::fs;
use std::iter::Enumerate;
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::slice::ChunksMut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::{panic, thread};

use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::BLOCK_BYTES;
use crate::content::ContentReader;
use crate::error::MakeError;
use crate::lanes::{LANES, Lanes};
use crate::merkle::{self, Node};
use crate::source::{SourceFile, TorrentVersion};

/// Told how many bytes of content have been hashed so far, by any thread, at least once for each
/// 256 KiB; stops the work by [`ControlFlow::Break`].
pub type HashProgress<'a> = dyn Fn(u64) -> ControlFlow<()> + Sync + 'a;

/// The hashes of one piece.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct PieceHash {
    /// SHA-1 of the piece, with zeros where no file is.
    pub(crate) v1: [u8; 20],
    /// The root over the blocks of the one file that has a part in it.
    pub(crate) v2: Node,
}

impl PieceHash {
    /// A hash unlike that of any other piece.
    pub(crate) fn made_up(number: usize) -> Self {
        let mut v2 = Node::default();
        v2.iter_mut().zip(number.to_be_bytes()).for_each(|(byte, digit)| *byte = digit);
        Self { v1: [0; 20], v2 }
    }
}

/// Files as a run of pieces.
pub(crate) struct Pieces<'a> {
    /// In the order of their offsets; each starts a piece where there is a v2 half.
    pub(crate) files: &'a [SourceFile],
    pub(crate) piece_length: u32,
    /// Where the last piece ends.
    pub(crate) end: u64,
    pub(crate) format: TorrentVersion,
}

impl Pieces<'_> {
    /// Hashes all pieces.
    ///
    /// # Errors
    ///
    /// Fails where a file can't be read or has changed since it was looked at, also while others
    /// were read, and with [`MakeError::Cancelled`] when `watch` says so.
    pub(crate) fn hash(
        &self,
        threads: NonZeroUsize,
        watch: &HashProgress<'_>,
    ) -> Result<Vec<PieceHash>, MakeError> {
        let count = self.end.div_ceil(u64::from(self.piece_length));
        let mut hashes = vec![PieceHash::default(); usize::try_from(count).unwrap_or(usize::MAX)];
        let run = self.run();
        let work = Work {
            pieces: self,
            threads: threads.get(),
            run,
            runs: Mutex::new(hashes.chunks_mut(run).enumerate()),
            done: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            watch,
        };
        thread::scope(|scope| {
            let others: Vec<_> = (1..threads.get()).map(|_| scope.spawn(|| work.run())).collect();
            let own = work.run();
            others.into_iter().fold(own, |result, other| {
                result
                    .and_then(|()| other.join().unwrap_or_else(|panic| panic::resume_unwind(panic)))
            })
        })?;
        self.files.iter().try_for_each(|file| {
            let metadata = fs::metadata(&file.disk).map_err(|error| file.failed(error))?;
            file.check(&metadata)
        })?;
        Ok(hashes)
    }

    /// Whether pieces are hashed together, where the processor can.
    fn in_lanes(&self) -> bool {
        self.format.has_v1()
            && self.piece_length.is_multiple_of(LANE_BYTES)
            && self.piece_length <= LONGEST_IN_LANES
    }

    /// How many pieces a thread takes at once.
    fn run(&self) -> usize {
        let run = usize::try_from(RUN_BYTES.div_ceil(self.piece_length)).unwrap_or(1);
        if self.in_lanes() { run.next_multiple_of(LANES) } else { run }
    }

    /// Where a piece stands, or what would be one behind the last.
    fn range(&self, index: u64) -> Range<u64> {
        let length = u64::from(self.piece_length);
        let start = index.saturating_mul(length).min(self.end);
        start..start.saturating_add(length).min(self.end)
    }

    /// Whether a piece is as long as the others.
    fn is_whole(&self, index: u64) -> bool {
        let Range { start, end } = self.range(index);
        end - start == u64::from(self.piece_length)
    }

    /// The root over the blocks of a piece.
    fn root(&self, index: u64, leaves: Vec<Node>) -> Node {
        if !self.format.has_v2() {
            return Node::default();
        }
        let start = self.range(index).start;
        let file = self.files.get(self.files.partition_point(|file| file.end() <= start));
        let is_long = file.is_some_and(|file| file.length > u64::from(self.piece_length));
        merkle::root(leaves, [0; 32], if is_long { self.piece_length / BLOCK_BYTES } else { 0 })
    }
}

/// What the threads share.
struct Work<'a> {
    pieces: &'a Pieces<'a>,
    threads: usize,
    /// Pieces in a run.
    run: usize,
    /// The runs that nobody has taken yet.
    runs: Mutex<Enumerate<ChunksMut<'a, PieceHash>>>,
    /// Bytes of content hashed.
    done: AtomicU64,
    /// Set by the thread that fails, so that the others stop.
    stopped: AtomicBool,
    watch: &'a HashProgress<'a>,
}

impl Work<'_> {
    /// Hashes runs until there are no more.
    fn run(&self) -> Result<(), MakeError> {
        let result = self.runs_in_turn();
        if result.is_err() {
            self.stopped.store(true, Ordering::Relaxed);
        }
        result
    }

    fn runs_in_turn(&self) -> Result<(), MakeError> {
        let mut hasher = PieceHasher::new(self);
        let mut is_first = true;
        loop {
            let next = self.runs.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).next();
            let Some((number, run)) = next else { return Ok(()) };
            // The disk reads what this thread will probably take next while it hashes this.
            if std::mem::take(&mut is_first) {
                hasher.will_read(number);
            }
            hasher.will_read(number + self.threads);
            let first = self.first_of(number);
            for (index, pieces) in (first..).step_by(LANES).zip(run.chunks_mut(LANES)) {
                if self.stopped.load(Ordering::Relaxed) {
                    return Ok(());
                }
                hasher.pieces(index, pieces)?;
            }
        }
    }

    /// The number of the first piece of a run.
    fn first_of(&self, run: usize) -> u64 {
        u64::try_from(run.saturating_mul(self.run)).unwrap_or(u64::MAX)
    }

    /// Counts bytes that were hashed; fails where the work is to end.
    fn report(&self, bytes: usize) -> Result<(), MakeError> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let done = self.done.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        match (self.watch)(done) {
            ControlFlow::Break(()) => Err(MakeError::Cancelled),
            ControlFlow::Continue(()) => Ok(()),
        }
    }
}

/// One thread's own.
struct PieceHasher<'a, 'b> {
    work: &'a Work<'b>,
    lanes: Option<Lanes>,
    reader: ContentReader<'b>,
    /// One block, or one for each lane.
    blocks: Vec<u8>,
}

impl<'a, 'b> PieceHasher<'a, 'b> {
    fn new(work: &'a Work<'b>) -> Self {
        let lanes = if work.pieces.in_lanes() { Lanes::new() } else { None };
        let bytes = if lanes.is_some() { LANES * LANE_SIZE } else { READ_BYTES };
        let reader = ContentReader::new(work.pieces.files);
        Self { work, lanes, reader, blocks: vec![0; bytes] }
    }

    /// Tells the kernel of a run that is read from many places at once.
    fn will_read(&mut self, run: usize) {
        if self.lanes.is_some() {
            let start = |run| self.work.pieces.range(self.work.first_of(run)).start;
            self.reader.will_read(start(run)..start(run + 1));
        }
    }

    /// Hashes the pieces from `first` on, at most [`LANES`] of them.
    fn pieces(&mut self, first: u64, pieces: &mut [PieceHash]) -> Result<(), MakeError> {
        if pieces.len() == LANES
            && self.work.pieces.is_whole(first + LAST_LANE)
            && let Some(mut lanes) = self.lanes.take()
        {
            self.together(&mut lanes, first, pieces)?;
            self.lanes = Some(lanes);
            return Ok(());
        }
        for (index, hash) in (first..).zip(pieces) {
            *hash = self.alone(index)?;
        }
        Ok(())
    }

    fn alone(&mut self, index: u64) -> Result<PieceHash, MakeError> {
        let Self { work, reader, blocks, .. } = self;
        let Pieces { format, .. } = *work.pieces;
        let range = work.pieces.range(index);
        let (mut sha1, mut leaves) = (Sha1::new(), Vec::new());
        for at in range.clone().step_by(READ_BYTES) {
            let length = usize::try_from(range.end - at).unwrap_or(READ_BYTES).min(READ_BYTES);
            let block = blocks.get_mut(..length).unwrap_or_default();
            let filled = reader.fill(at, block)?;
            if format.has_v1() {
                sha1.update(&*block);
            } else if filled == 0 {
                // What follows a file in its last piece is nobody's.
                break;
            }
            if format.has_v2() {
                add_leaves(&mut leaves, block, filled);
            }
            work.report(filled)?;
        }
        Ok(PieceHash { v1: sha1.finalize().into(), v2: work.pieces.root(index, leaves) })
    }

    fn together(
        &mut self,
        lanes: &mut Lanes,
        first: u64,
        pieces: &mut [PieceHash],
    ) -> Result<(), MakeError> {
        let Self { work, reader, blocks, .. } = self;
        let Pieces { format, piece_length, .. } = *work.pieces;
        let mut leaves = [(); LANES].map(|()| Vec::new());
        for offset in (0..u64::from(piece_length)).step_by(LANE_SIZE) {
            let lane_blocks = blocks.chunks_exact_mut(LANE_SIZE);
            for ((index, block), leaves) in (first..).zip(lane_blocks).zip(&mut leaves) {
                let filled = reader.fill(work.pieces.range(index).start + offset, block)?;
                if format.has_v2() {
                    add_leaves(leaves, block, filled);
                }
                work.report(filled)?;
            }
            lanes.update(blocks, LANE_SIZE);
        }
        let hashes = lanes.finish().into_iter().zip(leaves);
        for ((index, hash), (v1, leaves)) in (first..).zip(pieces).zip(hashes) {
            *hash = PieceHash { v1, v2: work.pieces.root(index, leaves) };
        }
        Ok(())
    }
}

/// Adds the hashes of the leaves in a block, of which `filled` bytes are of its piece's one file.
fn add_leaves(leaves: &mut Vec<Node>, block: &[u8], filled: usize) {
    let content = block.get(..filled).unwrap_or_default();
    leaves.extend(content.chunks(LEAF_BYTES).map(|leaf| Node::from(Sha256::digest(leaf))));
}

/// Read at once: small enough for the core's own cache, large enough that calls don't count.
const READ_BYTES: usize = 32 << 10;

/// The same for each lane: all of them stay in the core's second cache.
const LANE_BYTES: u32 = 16 << 10;
const LANE_SIZE: usize = 16 << 10;

const LAST_LANE: u64 = 15;

/// A run of longer pieces would be more than is well read ahead, 64 MiB. They are of content that
/// is longer than most memories, so that the disk's speed counts.
const LONGEST_IN_LANES: u32 = 4 << 20;

const LEAF_BYTES: usize = 16 << 10;

/// Taken by a thread at once, in whole pieces: long enough to read ahead, short enough that all
/// threads end together.
const RUN_BYTES: u32 = 1 << 20;

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::FilePath;

    const PIECE: usize = 16 << 10;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn pieces_are_hashed_together_as_one_by_one(
            lengths in vec(prop_oneof![0..3_usize, 1..40_000_usize, 200_000..600_000_usize], 1..6),
            gaps in vec(prop_oneof![Just(0), 0..40_000_usize], 6),
            format in prop_oneof![Just(TorrentVersion::V1), Just(TorrentVersion::V2), Just(TorrentVersion::Hybrid)],
            threads in 1..4_usize,
        ) {
            let folder = TempDir::new().unwrap();
            let (mut run, mut files) = (Vec::new(), Vec::new());
            for (length, gap) in lengths.into_iter().zip(gaps) {
                let offset = run.len() + gap;
                let offset = if format.has_v2() { run.len().next_multiple_of(PIECE) } else { offset };
                run.resize(offset, 0);
                run.extend((0..length).map(|at| u8::try_from(at * 7 % 251).unwrap()));
                let disk = folder.path().join(files.len().to_string());
                fs::write(&disk, &run[offset..]).unwrap();
                let metadata = fs::metadata(&disk).unwrap();
                let path = FilePath::new([&b"file"[..]]).unwrap();
                files.push(SourceFile::new(disk, path, u64::try_from(offset).unwrap(), &metadata));
            }
            let pieces = Pieces {
                files: &files,
                piece_length: u32::try_from(PIECE).unwrap(),
                end: u64::try_from(run.len()).unwrap(),
                format,
            };
            let threads = NonZeroUsize::new(threads).unwrap();
            let hashes = pieces.hash(threads, &|_| ControlFlow::Continue(())).unwrap();

            prop_assert_eq!(hashes.len(), run.len().div_ceil(PIECE));
            for ((hash, piece), at) in hashes.iter().zip(run.chunks(PIECE)).zip((0..).step_by(PIECE)) {
                if format.has_v1() {
                    prop_assert_eq!(hash.v1, <[u8; 20]>::from(Sha1::digest(piece)), "at {}", at);
                }
                if format.has_v2() {
                    let end = files.iter().map(SourceFile::end).find(|end| *end > at).unwrap();
                    let content = piece.len().min(usize::try_from(end - at).unwrap());
                    let leaf = <[u8; 32]>::from(Sha256::digest(&piece[..content]));
                    prop_assert_eq!(hash.v2, leaf, "at {}", at);
                }
            }
        }
    }
}
