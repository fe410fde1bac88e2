//! Pseudo-random numbers and text, the same for the same seed on every machine and in every version.

use std::f64::consts::TAU;

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A generator of its own for each purpose of one seed.
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mut random = Self {
            state: seed ^ purpose.rotate_left(32),
        };
        random.bits();
        random
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; the bias of the remainder does not matter here.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.bits() >> 33).unwrap_or(0) % end.max(1)
    }

    /// An integer of `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = low.abs_diff(high).saturating_add(1);
        low.wrapping_add_unsigned(self.bits() % span)
    }

    /// A fraction from 0 up to, not including, 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what a binary64 holds")]
    pub fn fraction(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A normally distributed number (Box-Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.fraction()).ln()).sqrt();
        radius * (TAU * self.fraction()).cos()
    }

    /// Appends bytes that no compressor shortens.
    pub fn bytes(&mut self, count: usize, out: &mut Vec<u8>) {
        let end = out.len() + count;
        while out.len() < end {
            out.extend_from_slice(&self.bits().to_be_bytes());
        }
        out.truncate(end);
    }

    /// A UUID of version 4.
    pub fn uuid(&mut self) -> String {
        let (high, low) = (self.bits(), self.bits());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff,
        )
    }

    /// Words of a few frequent and many rare kinds, which compress about as far as chat text does.
    pub fn words(&mut self, bytes: usize) -> String {
        const LETTERS: &[u8] = b"etaoinshrdlucmfwypvbgk";
        const VOCABULARY: usize = 4000;
        let vocabulary: Vec<String> = (0..VOCABULARY)
            .map(|_| {
                let letters = 2 + self.below(8);
                (0..letters)
                    .map(|_| char::from(LETTERS[self.below(LETTERS.len())]))
                    .collect()
            })
            .collect();
        let mut text = String::with_capacity(bytes + 16);
        while text.len() < bytes {
            // A draw below a draw makes the first words frequent.
            let end = self.below(VOCABULARY);
            text.push_str(&vocabulary[self.below(1 + end)]);
            text.push(' ');
        }
        text
    }
}
