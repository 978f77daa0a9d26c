"""What is learned from: features, outcomes and groups of the same samples, and what would let an outcome leak."""
