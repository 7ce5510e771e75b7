//! Merkle trees as RFC 6962 has them (section 2.1): a leaf is hashed after a zero byte, a node after a one, so
//! that neither passes for the other.

use sha2::{Digest, Sha256};

/// A SHA-256.
pub type Hash = [u8; 32];

/// The hash of a leaf.
#[must_use]
pub fn leaf(bytes: &[u8]) -> Hash {
    Sha256::new()
        .chain_update([0])
        .chain_update(bytes)
        .finalize()
        .into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update([1])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// The largest power of two below a number of leaves, which is at least two.
fn split(leaves: usize) -> usize {
    leaves.next_power_of_two() / 2
}

/// The root over leaves; for none, the SHA-256 of nothing.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&root(left), &root(right))
        }
    }
}

/// What proves that the leaf at `index` is under the root: the other halves, from the leaf up.
#[must_use]
pub fn proof(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut path, other) = if index < left.len() {
        (proof(left, index), root(right))
    } else {
        (proof(right, index - left.len()), root(left))
    };
    path.push(other);
    path
}

/// The root that a leaf and its proof come to; `None` when the proof has not the length that it must have.
#[must_use]
pub fn root_from_proof(leaf: Hash, index: usize, leaves: usize, path: &[Hash]) -> Option<Hash> {
    if leaves <= 1 {
        return (index == 0 && leaves == 1 && path.is_empty()).then_some(leaf);
    }
    let (other, below) = path.split_last()?;
    let half = split(leaves);
    if index < half {
        Some(node(&root_from_proof(leaf, index, half, below)?, other))
    } else {
        let right = root_from_proof(leaf, index - half, leaves - half, below)?;
        Some(node(other, &right))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_roots_are_those_of_certificate_transparency() {
        // Test vectors of google/certificate-transparency: leaves of its reference tree.
        let leaves: Vec<Hash> = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ]
        .map(|text| leaf(&hex::decode(text).unwrap()))
        .to_vec();
        for (count, expected) in [
            (
                0,
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                1,
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            ),
            (
                2,
                "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            ),
            (
                3,
                "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            ),
            (
                8,
                "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
            ),
        ] {
            assert_eq!(
                hex::encode(root(&leaves[..count])),
                expected,
                "{count} leaves"
            );
        }
    }

    proptest! {
        #[test]
        fn a_proof_proves_its_leaf_and_no_other(count in 1usize..70, at: prop::sample::Index, bit in 0usize..256) {
            let leaves: Vec<Hash> = (0..count).map(|n| leaf(&n.to_be_bytes())).collect();
            let index = at.index(count);
            let path = proof(&leaves, index);
            let whole = root(&leaves);
            prop_assert_eq!(root_from_proof(leaves[index], index, count, &path), Some(whole));
            let mut other = leaves[index];
            other[bit / 8] ^= 1 << (bit % 8);
            prop_assert_ne!(root_from_proof(other, index, count, &path), Some(whole));
            if count > 1 {
                prop_assert_ne!(root_from_proof(leaves[index], (index + 1) % count, count, &path), Some(whole));
                prop_assert_eq!(root_from_proof(leaves[index], index, count, &path[1..]), None);
            }
        }
    }
}
