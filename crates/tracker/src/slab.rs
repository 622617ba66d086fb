//! Values in places that keep their number, without the slack of a doubling vector.

/// Values in chunks; the place of a removed one is taken by the next.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    chunks: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
    len: usize,
}

impl<T> Slab<T> {
    /// Values held.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether one more value needs no memory.
    pub(crate) fn has_free(&self) -> bool {
        !self.free.is_empty() || self.chunks.last().is_some_and(|chunk| chunk.len() < CHUNK)
    }

    /// Bytes of all places.
    pub(crate) fn bytes(&self) -> usize {
        self.chunks.len() * CHUNK * size_of::<Option<T>>()
    }

    /// Keeps a value and returns its place.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        self.len += 1;
        if let Some(place) = self.free.pop() {
            if let Some(slot) = self.slot(place) {
                *slot = Some(value);
            }
            return place;
        }
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let full = (self.chunks.len() - 1) * CHUNK;
        let Some(chunk) = self.chunks.last_mut() else { return 0 };
        let place = full + chunk.len();
        chunk.push(Some(value));
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    pub(crate) fn get(&self, place: u32) -> Option<&T> {
        let (chunk, offset) = split(place);
        self.chunks.get(chunk)?.get(offset)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, place: u32) -> Option<&mut T> {
        self.slot(place)?.as_mut()
    }

    pub(crate) fn remove(&mut self, place: u32) -> Option<T> {
        let value = self.slot(place)?.take()?;
        self.free.push(place);
        self.len -= 1;
        Some(value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flatten().flatten()
    }

    /// Gives back the chunks at the end that hold nothing; values keep their places. Costs a pass
    /// over the free places.
    pub(crate) fn shrink(&mut self) {
        while self.chunks.last().is_some_and(|chunk| chunk.iter().all(Option::is_none)) {
            self.chunks.pop();
        }
        let places = self.chunks.len() * CHUNK;
        self.free.retain(|place| split(*place).0 * CHUNK < places);
        self.free.shrink_to_fit();
        self.chunks.shrink_to_fit();
    }

    fn slot(&mut self, place: u32) -> Option<&mut Option<T>> {
        let (chunk, offset) = split(place);
        self.chunks.get_mut(chunk)?.get_mut(offset)
    }
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), free: Vec::new(), len: 0 }
    }
}

fn split(place: u32) -> (usize, usize) {
    let place = usize::try_from(place).unwrap_or(usize::MAX);
    (place / CHUNK, place % CHUNK)
}

/// Values a chunk: what a full shard wastes at most.
const CHUNK: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_keeps_its_place_and_a_free_place_is_taken_again() {
        let mut slab = Slab::default();
        let places: Vec<u32> = (0..1000).map(|value| slab.insert(value)).collect();
        assert_eq!(places, (0..1000).collect::<Vec<_>>());
        assert_eq!(slab.remove(500), Some(500));
        assert_eq!(slab.remove(500), None);
        assert_eq!(slab.insert(7), 500);
        assert_eq!((slab.get(500), slab.get(1000), slab.len()), (Some(&7), None, 1000));
    }

    #[test]
    fn shrinking_gives_back_what_the_crowd_left_behind() {
        let mut slab = Slab::default();
        for value in 0..1000 {
            slab.insert(value);
        }
        for place in 3..1000 {
            slab.remove(place);
        }
        slab.shrink();
        assert_eq!((slab.chunks.len(), slab.len()), (1, 3));
        assert_eq!(slab.iter().copied().collect::<Vec<_>>(), [0, 1, 2]);
        let places: Vec<u32> = (0..64).map(|value| slab.insert(value)).collect();
        assert!(places.iter().all(|place| *place < 128), "{places:?}");
    }
}
