//! What running films together costs, as measured.

/// Sizes of batch that are tried.
pub(super) const SIZES: [usize; 4] = [1, 2, 4, 8];
/// Runs of a size before its time counts.
pub(super) const TRIALS: u32 = 3;
/// Share of the newest run in the mean time of its size.
const NEWEST: f64 = 0.2;

/// What a film costs in a batch of each of [`SIZES`].
#[derive(Debug, Default)]
pub(super) struct Costs(pub(super) [Cost; SIZES.len()]);

#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Cost {
    pub(super) runs: u32,
    pub(super) seconds: f64,
}

impl Costs {
    /// The size that costs least a film among those of at most `most` films; sizes that were hardly
    /// tried are tried first. At least 1.
    pub(super) fn size(&self, most: usize) -> usize {
        let allowed = || {
            SIZES
                .iter()
                .zip(&self.0)
                .filter(|&(&size, _)| size <= most.max(1))
        };
        allowed()
            .find(|(_, cost)| cost.runs < TRIALS)
            .or_else(|| allowed().min_by(|(_, a), (_, b)| a.seconds.total_cmp(&b.seconds)))
            .map_or(1, |(&size, _)| size)
    }

    pub(super) fn note(&mut self, size: usize, seconds: f64) {
        let Some(place) = SIZES.iter().position(|&one| one == size) else {
            return;
        };
        let cost = &mut self.0[place];
        // The first run of a size also allocates what later ones use again.
        cost.seconds = match cost.runs {
            0 | 1 => seconds,
            _ => cost.seconds + NEWEST * (seconds - cost.seconds),
        };
        cost.runs = cost.runs.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_size_is_taken_once_all_were_tried() {
        let mut costs = Costs::default();
        let mut sizes = Vec::new();
        for _ in 0..14 {
            let size = costs.size(9);
            // Two at a time are cheapest here.
            costs.note(size, if size == 2 { 0.5 } else { 1.0 });
            sizes.push(size);
        }
        assert_eq!(sizes, [1, 1, 1, 2, 2, 2, 4, 4, 4, 8, 8, 8, 2, 2]);
        assert_eq!(costs.size(1), 1);
        assert_eq!(costs.size(0), 1);
    }
}
