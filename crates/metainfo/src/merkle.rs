//! Hash trees of SHA-256 over blocks of 16 KiB (BEP 52).

use sha2::{Digest, Sha256};

/// The bytes of content beneath one leaf.
pub const BLOCK_BYTES: u32 = 16 << 10;

/// A node of a tree.
pub(crate) type Node = [u8; 32];

/// The root of a file of several pieces from the roots of its pieces.
///
/// O(n) in pieces.
pub(crate) fn file_root(pieces: &[Node], piece_length: u32) -> Node {
    let blocks = (piece_length / BLOCK_BYTES).max(1);
    root(pieces.to_vec(), empty(blocks.ilog2()), 0)
}

/// The root of a tree over `nodes`, which stand above the leaves where `filler` is the root of no
/// blocks at all.
///
/// The tree is filled up to a whole one, and to at least `width` nodes.
pub(crate) fn root(mut nodes: Vec<Node>, mut filler: Node, width: u32) -> Node {
    let width = usize::try_from(width).unwrap_or(usize::MAX);
    let mut width = nodes.len().max(width).max(1).next_power_of_two();
    while width > 1 {
        let parent = |pair: &[Node]| match pair {
            [left, right] => join(left, right),
            [left] => join(left, &filler),
            _ => filler,
        };
        nodes = nodes.chunks(2).map(parent).collect();
        filler = join(&filler, &filler);
        width /= 2;
    }
    nodes.first().copied().unwrap_or(filler)
}

/// The root of `2^height` blocks past the end of a file, whose leaves are zeros.
pub(crate) fn empty(height: u32) -> Node {
    (0..height).fold([0; 32], |node, _| join(&node, &node))
}

fn join(left: &Node, right: &Node) -> Node {
    Sha256::new().chain_update(left).chain_update(right).finalize().into()
}
