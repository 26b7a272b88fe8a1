//! Chance that is the same on every machine: seeded by names, so that figures can be compared between runs.

/// SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// Seeded by a text (FNV-1a).
    pub(super) fn of(seed: &str) -> Self {
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(seed.bytes().fold(0xcbf2_9ce4_8422_2325, hash))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// True with a probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        ((self.next() >> 11) as f64) < probability * (1_u64 << 53) as f64
    }

    /// Brings items into any order (Fisher, Yates).
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_chance() {
        let draw = |seed: &str| {
            let mut random = Random::of(seed);
            let mut items: Vec<usize> = (0..50).collect();
            random.shuffle(&mut items);
            (items, (0..1000).filter(|_| random.chance(0.35)).count(), (0..1000).map(|_| random.below(7)).max())
        };
        assert_eq!(draw("shop.db 1"), draw("shop.db 1"));
        assert_ne!(draw("shop.db 1").0, draw("shop.db 2").0);
        let (mut items, hits, most) = draw("shop.db 1");
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
        assert!((300..400).contains(&hits), "{hits}");
        assert_eq!(most, Some(6));
    }
}
