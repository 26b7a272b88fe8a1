//! Boosted decision trees, read from the bytes that training writes.

/// A sum of trees. Little-endian: number of trees (u32), then of each tree its inner nodes (u16), the nodes (feature u16,
/// threshold f32, left i16, right i16; a negative child is the leaf of its complement) and the leaves (f32 each).
#[derive(Debug, Clone, Default)]
pub(crate) struct Trees {
    trees: Vec<Tree>,
}

#[derive(Debug, Clone)]
struct Tree {
    nodes: Vec<Node>,
    leaves: Vec<f32>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    feature: u16,
    /// Up to the threshold, and above it.
    children: [i16; 2],
    threshold: f32,
}

impl Trees {
    /// None when the bytes are no trees over `width` features.
    pub(crate) fn read(bytes: &[u8], width: usize) -> Option<Self> {
        let mut at = bytes;
        let count = u32::from_le_bytes(take(&mut at)?);
        let mut trees = Vec::new();
        for _ in 0..count {
            let inner = usize::from(u16::from_le_bytes(take(&mut at)?));
            let mut nodes = Vec::with_capacity(inner);
            for _ in 0..inner {
                let feature = u16::from_le_bytes(take(&mut at)?);
                let threshold = f32::from_le_bytes(take(&mut at)?);
                let left = i16::from_le_bytes(take(&mut at)?);
                let right = i16::from_le_bytes(take(&mut at)?);
                // A child stands behind its parent, so that walking ends.
                let sound = |child: i16, own: usize| {
                    if child < 0 {
                        (!child) as usize <= inner
                    } else {
                        (child as usize) > own && (child as usize) < inner
                    }
                };
                if usize::from(feature) >= width || !sound(left, nodes.len()) || !sound(right, nodes.len()) {
                    return None;
                }
                nodes.push(Node { feature, children: [left, right], threshold });
            }
            let mut leaves = Vec::with_capacity(inner + 1);
            for _ in 0..=inner {
                leaves.push(f32::from_le_bytes(take(&mut at)?));
            }
            trees.push(Tree { nodes, leaves });
        }
        at.is_empty().then_some(Self { trees })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.trees.is_empty()
    }

    /// The sum over all trees.
    pub(crate) fn score(&self, row: &[f32]) -> f32 {
        self.trees.iter().map(|tree| tree.score(row)).sum()
    }

    /// The sums of rows of one width: a tree at a time, so that it stays in the cache.
    pub(crate) fn scores(&self, rows: &[f32], width: usize) -> Vec<f32> {
        let mut out = vec![0.0; rows.len() / width];
        for tree in &self.trees {
            for (sum, row) in out.iter_mut().zip(rows.chunks_exact(width)) {
                *sum += tree.score(row);
            }
        }
        out
    }
}

impl Tree {
    fn score(&self, row: &[f32]) -> f32 {
        let mut at: i16 = if self.nodes.is_empty() { -1 } else { 0 };
        while at >= 0 {
            let node = &self.nodes[at as usize];
            // An index instead of a branch: which way it goes cannot be foretold.
            at = node.children[usize::from(row[usize::from(node.feature)] > node.threshold)];
        }
        self.leaves[(!at) as usize]
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}
