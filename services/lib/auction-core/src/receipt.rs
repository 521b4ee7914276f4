//! Receipts: one signature a commit covers every row in it, through a Merkle tree of keccak-256 leaves.
