//! Damage as it happens on the way, and as somebody does it on purpose.

use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng};

/// Numbers at which lengths, counts and offsets go wrong.
const EDGES: [u32; 12] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
];

/// The first bytes, where heads and lengths stand; damage there reaches the most code.
const HEAD: usize = 2048;

/// Damages inputs of a corpus. The same number gives the same damage.
#[derive(Debug, Clone)]
pub struct Mutator {
    corpus: Vec<Vec<u8>>,
    seed: u64,
}

impl Mutator {
    /// On these inputs.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn new(corpus: Vec<Vec<u8>>, seed: u64) -> Self {
        assert!(!corpus.is_empty(), "nothing to damage");
        Self { corpus, seed }
    }

    /// How many inputs there are to begin with.
    #[must_use]
    pub fn corpus(&self) -> usize {
        self.corpus.len()
    }

    /// The damaged input of this number.
    #[must_use]
    pub fn input(&self, number: u64) -> Vec<u8> {
        let mut random =
            ChaCha8Rng::seed_from_u64(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number);
        let mut bytes = self.pick(&mut random).to_vec();
        for _ in 0..random.random_range(1..=6) {
            self.damage(&mut bytes, &mut random);
        }
        bytes
    }

    fn pick(&self, random: &mut ChaCha8Rng) -> &[u8] {
        &self.corpus[random.random_range(0..self.corpus.len())]
    }

    fn damage(&self, bytes: &mut Vec<u8>, random: &mut ChaCha8Rng) {
        if bytes.is_empty() {
            bytes.push(random.random());
            return;
        }
        let within = if random.random_bool(0.7) {
            bytes.len().min(HEAD)
        } else {
            bytes.len()
        };
        let at = random.random_range(0..within);
        let span = random.random_range(1..=bytes.len().min(64));
        let end = (at + span).min(bytes.len());
        match random.random_range(0..9) {
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes[at] = random.random(),
            2 => write_edge(bytes, at, random),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            5 => random.fill_bytes(&mut bytes[at..end]),
            6 => bytes.truncate(at),
            7 => {
                let other = self.pick(random);
                let from = random.random_range(0..other.len().max(1)).min(other.len());
                let until = (from + span * 4).min(other.len());
                bytes.splice(at..end, other[from..until].iter().copied());
            }
            _ => bytes.swap(at, end - 1),
        }
    }
}

fn write_edge(bytes: &mut [u8], at: usize, random: &mut ChaCha8Rng) {
    let edge = EDGES[random.random_range(0..EDGES.len())];
    let little = random.random_bool(0.7);
    let wide = if little {
        edge.to_le_bytes()
    } else {
        edge.to_be_bytes()
    };
    let narrow = if little { &wide[..2] } else { &wide[2..] };
    let written = if random.random_bool(0.5) {
        &wide[..]
    } else {
        narrow
    };
    let end = (at + written.len()).min(bytes.len());
    bytes[at..end].copy_from_slice(&written[..end - at]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_is_damaged_the_same_way_and_others_otherwise() {
        let mutator = Mutator::new(vec![b"a corpus of one".to_vec(), vec![7; 300]], 3);
        let inputs: Vec<_> = (0..200).map(|number| mutator.input(number)).collect();
        assert!((0..200).all(|number| mutator.input(number) == inputs[number as usize]));
        let different: std::collections::BTreeSet<_> = inputs.iter().collect();
        assert!(different.len() > 150, "{}", different.len());
    }
}
