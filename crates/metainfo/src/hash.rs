//! Reads files and hashes their pieces, on as many cores as it is given.
//!
//! Each thread takes the next run of pieces and reads it in blocks small enough to stay in the
//! core's cache between the copy from the page cache and the hash; both hashes of a hybrid come
//! from one read. While one thread waits for the disk the others hash, and the kernel reads ahead
//! of each. Memory is one block a thread and 52 bytes a piece.

use std::fs::{self, File};
use std::iter::Enumerate;
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::os::unix::fs::FileExt;
use std::slice::ChunksMut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::{panic, thread};

use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::BLOCK_BYTES;
use crate::make::MakeError;
use crate::merkle::{self, Node};
use crate::plan::{Format, Source};

/// Told how many bytes of content have been hashed so far, by any thread, at least once for each
/// 256 KiB; stops the work by [`ControlFlow::Break`].
pub type Watch<'a> = dyn Fn(u64) -> ControlFlow<()> + Sync + 'a;

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
    pub(crate) files: &'a [Source],
    pub(crate) piece_length: u32,
    /// Where the last piece ends.
    pub(crate) end: u64,
    pub(crate) format: Format,
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
        watch: &Watch<'_>,
    ) -> Result<Vec<PieceHash>, MakeError> {
        let count = self.end.div_ceil(u64::from(self.piece_length));
        let mut hashes = vec![PieceHash::default(); usize::try_from(count).unwrap_or(usize::MAX)];
        let run = RUN_BYTES.div_ceil(self.piece_length);
        let runs = hashes.chunks_mut(usize::try_from(run).unwrap_or(1)).enumerate();
        let work = Work {
            pieces: self,
            run,
            runs: Mutex::new(runs),
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
}

/// What the threads share.
struct Work<'a> {
    pieces: &'a Pieces<'a>,
    /// Pieces in a run.
    run: u32,
    /// The runs that nobody has taken yet.
    runs: Mutex<Enumerate<ChunksMut<'a, PieceHash>>>,
    /// Bytes of content hashed.
    done: AtomicU64,
    /// Set by the thread that fails, so that the others stop.
    stopped: AtomicBool,
    watch: &'a Watch<'a>,
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
        let mut hasher =
            Hasher { work: self, block: vec![0; READ_BYTES], open: None, leaves: Vec::new() };
        loop {
            let next = self.runs.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).next();
            let Some((number, run)) = next else { return Ok(()) };
            let first =
                u64::try_from(number).unwrap_or(u64::MAX).saturating_mul(u64::from(self.run));
            for (index, hash) in (first..).zip(run) {
                if self.stopped.load(Ordering::Relaxed) {
                    return Ok(());
                }
                *hash = hasher.piece(index)?;
            }
        }
    }

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
struct Hasher<'a, 'b> {
    work: &'a Work<'b>,
    block: Vec<u8>,
    /// The file that was read last.
    open: Option<(usize, File)>,
    /// The hashes of the blocks of the piece at hand.
    leaves: Vec<Node>,
}

impl Hasher<'_, '_> {
    fn piece(&mut self, index: u64) -> Result<PieceHash, MakeError> {
        let Pieces { files, piece_length, end, format } = *self.work.pieces;
        let mut at = index.saturating_mul(u64::from(piece_length));
        let end = end.min(at.saturating_add(u64::from(piece_length)));
        let mut sha1 = Sha1::new();
        let mut width = 0;

        let mut number = files.partition_point(|file| file.end() <= at);
        while at < end {
            match files.get(number) {
                Some(file) if file.end() <= at => number += 1,
                Some(file) if file.offset <= at => {
                    if file.length > u64::from(piece_length) {
                        width = piece_length / BLOCK_BYTES;
                    }
                    let until = end.min(file.end());
                    self.part(number, file, at..until, &mut sha1)?;
                    at = until;
                }
                next => {
                    let until = next.map_or(end, |file| end.min(file.offset));
                    if format.has_v1() {
                        update_with_zeros(&mut sha1, until - at);
                    }
                    at = until;
                }
            }
        }
        let leaves = std::mem::take(&mut self.leaves);
        let v2 = if format.has_v2() { merkle::root(leaves, [0; 32], width) } else { [0; 32] };
        Ok(PieceHash { v1: sha1.finalize().into(), v2 })
    }

    /// Hashes what stands at `range` in the run of pieces, a part of one file.
    fn part(
        &mut self,
        number: usize,
        file: &Source,
        range: Range<u64>,
        sha1: &mut Sha1,
    ) -> Result<(), MakeError> {
        let format = self.work.pieces.format;
        let mut at = range.start;
        while at < range.end {
            let length = usize::try_from(range.end - at).unwrap_or(READ_BYTES).min(READ_BYTES);
            let block = self.block.get_mut(..length).unwrap_or_default();
            let reader = open(&mut self.open, number, file)?;
            reader.read_exact_at(block, at - file.offset).map_err(|error| file.failed(error))?;
            if format.has_v1() {
                sha1.update(&*block);
            }
            if format.has_v2() {
                self.leaves
                    .extend(block.chunks(LEAF_BYTES).map(|leaf| Node::from(Sha256::digest(leaf))));
            }
            self.work.report(length)?;
            at = at.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        }
        Ok(())
    }
}

/// The open file, or `file` in its place.
fn open<'a>(
    open: &'a mut Option<(usize, File)>,
    number: usize,
    file: &Source,
) -> Result<&'a File, MakeError> {
    if let Some((last, _)) = open
        && *last != number
    {
        *open = None;
    }
    if open.is_none() {
        let reader = File::open(&file.disk).map_err(|error| file.failed(error))?;
        file.check(&reader.metadata().map_err(|error| file.failed(error))?)?;
        *open = Some((number, reader));
    }
    match open {
        Some((_, reader)) => Ok(reader),
        None => Err(MakeError::Changed(file.disk.clone())),
    }
}

fn update_with_zeros(sha1: &mut Sha1, mut count: u64) {
    while count > 0 {
        let some = usize::try_from(count).unwrap_or(LEAF_BYTES).min(LEAF_BYTES);
        sha1.update([0; LEAF_BYTES].get(..some).unwrap_or_default());
        count = count.saturating_sub(u64::try_from(some).unwrap_or(u64::MAX));
    }
}

/// Read at once: small enough for the core's own cache, large enough that calls don't count.
const READ_BYTES: usize = 32 << 10;

const LEAF_BYTES: usize = 16 << 10;

/// Taken by a thread at once, in whole pieces: long enough to read ahead, short enough that all
/// threads end together.
const RUN_BYTES: u32 = 1 << 20;
