use crate::{Hash, keccak};

/// A log without entries has no root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a metering log without entries has no Merkle root: record at least one entry first")]
pub struct EmptyLog;

/// A Merkle tree with sorted pairs, laid out like the "standard tree" of OpenZeppelin's merkle-tree library.
#[derive(Clone, Debug)]
pub struct MeteringTree {
    root: Hash,
    /// A heap: node i has the children 2i + 1 and 2i + 2; the leaves fill its end, in descending order.
    nodes: Vec<Hash>,
    leaves: usize,
}

impl MeteringTree {
    /// Builds the tree of a log from the leaves of its entries, in any order.
    ///
    /// # Errors
    /// When there are no leaves.
    pub fn new(leaves: &[Hash]) -> Result<Self, EmptyLog> {
        let inner = leaves.len().checked_sub(1).ok_or(EmptyLog)?;
        let mut nodes = vec![Hash::default(); inner];
        nodes.extend_from_slice(leaves);
        nodes[inner..].sort_unstable_by(|a, b| b.cmp(a));
        for i in (0..inner).rev() {
            nodes[i] = pair(&nodes[2 * i + 1], &nodes[2 * i + 2]);
        }
        let root = *nodes.first().ok_or(EmptyLog)?;
        Ok(Self {
            root,
            nodes,
            leaves: leaves.len(),
        })
    }

    #[must_use]
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The hashes that lead from a leaf to the root; `None` when the leaf is not in the log.
    #[must_use]
    pub fn proof(&self, leaf: &Hash) -> Option<Vec<Hash>> {
        let inner = self.nodes.len() - self.leaves;
        // The last of equal leaves, as the TypeScript implementation takes it.
        let mut i = inner + self.nodes[inner..].iter().rposition(|node| node == leaf)?;
        let mut proof = Vec::new();
        while i > 0 {
            let sibling = if i.is_multiple_of(2) { i - 1 } else { i + 1 };
            proof.push(self.nodes[sibling]);
            i = (i - 1) / 2;
        }
        Some(proof)
    }
}

/// Whether a proof leads from a leaf to the root.
#[must_use]
pub fn verify(root: &Hash, leaf: &Hash, proof: &[Hash]) -> bool {
    proof.iter().fold(*leaf, |hash, other| pair(&hash, other)) == *root
}

fn pair(a: &Hash, b: &Hash) -> Hash {
    if a < b { keccak(&[a, b]) } else { keccak(&[b, a]) }
}
