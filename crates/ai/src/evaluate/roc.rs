//! Area under the ROC curve.

use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::Interval;

/// Area under the ROC curve: the share of (positive, negative) pairs in which the positive has the
/// higher score, ties counting half (Mann and Whitney's U over the number of pairs). None without
/// cases of both kinds or with scores that are no numbers.
#[must_use]
pub fn auroc(pairs: &[(f64, bool)]) -> Option<f64> {
    let groups = groups(pairs)?;
    area(&groups.iter().map(Group::counts).collect::<Vec<_>>())
}

/// The cases of one score, in ascending order of scores.
struct Group {
    members: Vec<bool>,
}

impl Group {
    fn counts(&self) -> [u64; 2] {
        let positive = self.members.iter().filter(|member| **member).count() as u64;
        [self.members.len() as u64 - positive, positive]
    }
}

fn groups(pairs: &[(f64, bool)]) -> Option<Vec<Group>> {
    if pairs.iter().any(|(score, _)| score.is_nan()) {
        return None;
    }
    let mut sorted = pairs.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let same = |a: &(f64, bool), b: &(f64, bool)| a.0 == b.0;
    let group = |chunk: &[(f64, bool)]| Group {
        members: chunk.iter().map(|(_, positive)| *positive).collect(),
    };
    Some(sorted.chunk_by(same).map(group).collect())
}

/// The area from counts of [negative, positive] a score, in ascending order of scores.
fn area(counts: &[[u64; 2]]) -> Option<f64> {
    let (mut negatives, mut positives, mut wins) = (0.0, 0.0, 0.0);
    for &[negative, positive] in counts {
        let (negative, positive) = (negative as f64, positive as f64);
        wins += positive * (negatives + negative / 2.0);
        negatives += negative;
        positives += positive;
    }
    (negatives > 0.0 && positives > 0.0).then(|| wins / (negatives * positives))
}

/// The 95 % percentile bootstrap interval of the area: `samples` times, as many cases as there are
/// are drawn with replacement; draws without both kinds are left out. The same seed gives the
/// same interval. None where [`auroc`] is none.
#[must_use]
pub fn auroc_bootstrap(pairs: &[(f64, bool)], samples: usize, seed: u64) -> Option<Interval> {
    auroc(pairs)?;
    let groups = groups(pairs)?;
    // Each case by the index of its score and its kind, so that a draw only counts.
    let cases: Vec<(usize, usize)> = groups
        .iter()
        .enumerate()
        .flat_map(|(index, group)| {
            group
                .members
                .iter()
                .map(move |positive| (index, usize::from(*positive)))
        })
        .collect();
    let mut random = StdRng::seed_from_u64(seed);
    let mut areas = Vec::with_capacity(samples);
    let mut counts = vec![[0u64; 2]; groups.len()];
    for _ in 0..samples {
        counts.fill([0, 0]);
        for _ in 0..cases.len() {
            let (index, kind) = cases[random.random_range(0..cases.len())];
            counts[index][kind] += 1;
        }
        areas.extend(area(&counts));
    }
    areas.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * areas.len().saturating_sub(1) as f64;
        areas.get(place.round() as usize).copied()
    };
    Some(Interval {
        low: at(0.025)?,
        high: at(0.975)?,
    })
}
