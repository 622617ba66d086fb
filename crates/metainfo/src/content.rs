//! The files of a torrent as one run of bytes, as its pieces are cut from it.

use std::collections::VecDeque;
use std::fs::File;
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use rustix::fs::{Advice, fadvise};

use crate::error::MakeError;
use crate::lanes::LANES;
use crate::source::SourceFile;

/// Reads from a run of files; keeps those open that it opened last.
pub(crate) struct ContentReader<'a> {
    /// In the order of their offsets.
    files: &'a [SourceFile],
    /// With their places in `files`.
    open: VecDeque<(usize, File)>,
}

impl<'a> ContentReader<'a> {
    pub(crate) const fn new(files: &'a [SourceFile]) -> Self {
        Self { files, open: VecDeque::new() }
    }

    /// Fills `block` with what stands from `at` on, with zeros where no file is. Returns how many of
    /// its bytes are of files.
    ///
    /// # Errors
    ///
    /// Fails where a file can't be read or has changed since it was looked at.
    pub(crate) fn fill(&mut self, mut at: u64, mut block: &mut [u8]) -> Result<usize, MakeError> {
        let files = self.files;
        let mut number = files.partition_point(|file| file.end() <= at);
        let mut filled = 0;
        while !block.is_empty() {
            let length = match files.get(number) {
                Some(file) if file.end() <= at => {
                    number += 1;
                    continue;
                }
                Some(file) if file.offset <= at => {
                    let part = part(block, file.end() - at);
                    let reader = self.open(number, file)?;
                    let read = reader.read_exact_at(part, at - file.offset);
                    read.map_err(|error| file.failed(error))?;
                    filled += part.len();
                    part.len()
                }
                next => {
                    let part = part(block, next.map_or(u64::MAX, |file| file.offset - at));
                    part.fill(0);
                    part.len()
                }
            };
            at = at.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
            block = block.get_mut(length..).unwrap_or_default();
        }
        Ok(filled)
    }

    /// Has the kernel begin to read `range`, in its order, where there is much of a file in it.
    pub(crate) fn will_read(&mut self, range: Range<u64>) {
        let files = self.files;
        let first = files.partition_point(|file| file.end() <= range.start);
        let parts = files.get(first..).unwrap_or_default().iter().zip(first..);
        for (file, number) in parts.take_while(|(file, _)| file.offset < range.end) {
            let part = range.start.max(file.offset)..range.end.min(file.end());
            if part.end.saturating_sub(part.start) < LARGE_PART {
                continue;
            }
            // Only a hint: what can't be opened is told when it is read.
            let Ok(reader) = self.open(number, file) else { return };
            let length = u64::try_from(HINT_BYTES).ok().and_then(NonZeroU64::new);
            for start in part.step_by(HINT_BYTES) {
                let _ = fadvise(reader, start - file.offset, length, Advice::WillNeed);
            }
        }
    }

    /// An open file, opened now where it is not.
    fn open(&mut self, number: usize, file: &SourceFile) -> Result<&File, MakeError> {
        let open = &mut self.open;
        let place = match open.iter().position(|(other, _)| *other == number) {
            Some(place) => place,
            None => {
                let reader = File::open(&file.disk).map_err(|error| file.failed(error))?;
                file.check(&reader.metadata().map_err(|error| file.failed(error))?)?;
                if open.len() == MAX_OPEN {
                    open.pop_front();
                }
                open.push_back((number, reader));
                open.len() - 1
            }
        };
        match open.get(place) {
            Some((_, reader)) => Ok(reader),
            None => Err(MakeError::Changed(file.disk.clone())),
        }
    }
}

/// The beginning of a block, at most `length` bytes.
fn part(block: &mut [u8], length: u64) -> &mut [u8] {
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(block.len());
    block.get_mut(..length).unwrap_or_default()
}

/// As many as pieces are read side by side.
const MAX_OPEN: usize = LANES;

/// Less of a file is read in one go anyway.
const LARGE_PART: u64 = 1 << 20;

/// What the kernel reads ahead at once whatever the disk; of a longer hint it may forget the rest.
const HINT_BYTES: usize = 128 << 10;
