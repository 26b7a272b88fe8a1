//! Random numbers that are the same on every machine and for ever (SplitMix64 of Steele, Lea and Flood, 2014).

/// A stream of numbers.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// At least `from`, below `to`.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + (self.next() % (to - from).max(1).unsigned_abs()) as i64
    }

    /// True that many times in a hundred.
    pub(super) fn percent(&mut self, share: i64) -> bool {
        self.between(0, 100) < share
    }

    /// One of them; the earlier ones more often.
    pub(super) fn skewed<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let length = of.len() as i64;
        let (a, b) = (self.between(0, length), self.between(0, length));
        &of[a.min(b) as usize]
    }
}
