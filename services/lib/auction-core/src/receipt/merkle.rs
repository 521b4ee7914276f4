//! The Merkle tree of one commit: a node is keccak-256 of its two children, the smaller first; an odd one moves up as it is.
//!
//! Sorted pairs need no positions in a path, and are what the usual Solidity libraries check.

use alloy_primitives::{B256, keccak256};

/// The longest path: a commit holds at most 4,096 rows.
pub const MAX_PATH_LENGTH: usize = 12;

/// A tree over the leaf hashes of one commit, in their order.
#[derive(Debug, Clone)]
pub struct MerkleTree {
    /// All levels one after the other, leaves first.
    nodes: Vec<B256>,
    /// Where each level begins.
    levels: Vec<usize>,
}

impl MerkleTree {
    /// Builds the tree; `None` without leaves.
    pub fn new(leaves: Vec<B256>) -> Option<Self> {
        if leaves.is_empty() {
            return None;
        }
        let mut width = leaves.len();
        let mut nodes = leaves;
        nodes.reserve(width + MAX_PATH_LENGTH);
        let mut levels = vec![0];
        while width > 1 {
            let begin = nodes.len() - width;
            for left in (begin..begin + width).step_by(2) {
                let node = if left + 1 < begin + width { parent(nodes[left], nodes[left + 1]) } else { nodes[left] };
                nodes.push(node);
            }
            levels.push(begin + width);
            width = width.div_ceil(2);
        }
        Some(Self { nodes, levels })
    }

    pub fn root(&self) -> B256 {
        self.nodes[self.nodes.len() - 1]
    }

    /// The siblings from the leaf at `index` up; `None` beyond the last leaf.
    pub fn path(&self, index: usize) -> Option<Vec<B256>> {
        let leaves = self.levels.get(1).copied().unwrap_or(self.nodes.len());
        if index >= leaves {
            return None;
        }
        let mut path = Vec::with_capacity(self.levels.len() - 1);
        let mut position = index;
        for (&begin, &end) in self.levels.iter().zip(self.levels.iter().skip(1)) {
            let sibling = begin + (position ^ 1);
            if sibling < end {
                path.push(self.nodes[sibling]);
            }
            position /= 2;
        }
        Some(path)
    }
}

/// The root to which a leaf and its path lead.
pub fn root_from(leaf: B256, path: &[B256]) -> B256 {
    path.iter().fold(leaf, |node, &sibling| parent(node, sibling))
}

fn parent(one: B256, other: B256) -> B256 {
    let (low, high) = if one <= other { (one, other) } else { (other, one) };
    let mut bytes = [0_u8; 64];
    bytes[..32].copy_from_slice(low.as_slice());
    bytes[32..].copy_from_slice(high.as_slice());
    keccak256(bytes)
}
