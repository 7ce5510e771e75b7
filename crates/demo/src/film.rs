//! From a drawing of 128 x 128 grey levels to a film of a device's size and depth, marked as
//! synthetic.

use rand::{Rng, RngExt, rngs::ChaCha8Rng};

use crate::{FilmClass, FilmModel, GreyFilm, mark, randomness};

/// Significant bits of a sample.
pub(crate) const BITS: u16 = 12;
/// The highest sample.
pub(crate) const HIGHEST: u16 = (1 << BITS) - 1;

/// Sides of films, columns and rows: portrait, square, landscape. The model squashes them all.
const SIDES: [(u32, u32); 3] = [(1024, 1180), (1080, 1080), (1180, 1024)];

/// A drawn film at the size and depth of a device's: 12 bits, white = dense, marked SYNTHETIC in a
/// corner.
#[derive(Debug, Clone, PartialEq)]
pub struct Film {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width * height` samples, 0 to 4095, row by row.
    pub samples: Vec<u16>,
    /// The sample that a window shows as black.
    pub black: u16,
    /// The sample that a window shows as white.
    pub white: u16,
    /// Millimetres between samples.
    pub pixel_spacing: f64,
}

/// How a film was exposed: what makes two films of one drawing differ.
struct Exposure {
    black: f32,
    white: f32,
    gamma: f32,
}

impl Exposure {
    fn of(random: &mut ChaCha8Rng) -> Self {
        let highest = f32::from(HIGHEST);
        Self {
            black: highest * random.random_range(0.02..0.08),
            white: highest * random.random_range(0.90..0.98),
            gamma: random.random_range(0.94..1.06),
        }
    }

    /// Samples of the 256 grey levels.
    fn curve(&self) -> [f32; 256] {
        std::array::from_fn(|level| {
            let density = (level as f32 / 255.0).powf(self.gamma);
            self.black + (self.white - self.black) * density
        })
    }
}

impl Film {
    /// Draws and develops a film. The same class and seed give the same film.
    #[must_use]
    pub fn draw(model: &FilmModel, class: FilmClass, seed: u64) -> Self {
        Self::develop(&model.draw(class, seed), seed)
    }

    /// Develops a drawing: size, exposure and fine grain by the seed, edges smoothly interpolated.
    #[must_use]
    pub fn develop(drawing: &GreyFilm, seed: u64) -> Self {
        let mut random = randomness::stream("exposure", seed);
        let (width, height) = SIDES[random.random_range(0..SIDES.len())];
        let exposure = Exposure::of(&mut random);
        let curve = exposure.curve();
        let exposed: Vec<f32> = drawing
            .pixels
            .iter()
            .map(|level| curve[usize::from(*level)])
            .collect();
        let smooth = enlarge(&exposed, drawing.size, width as usize, height as usize);
        let mut film = Self {
            width,
            height,
            samples: with_grain(&smooth, &mut random),
            black: exposure.black.round() as u16,
            white: exposure.white.round() as u16,
            // The width of a small child's film, 24 to 28 cm, spread over the columns.
            pixel_spacing: (random.random_range(240.0..280.0) / f64::from(width) * 1000.0_f64)
                .round()
                / 1000.0,
        };
        mark::stamp(&mut film);
        film
    }

    /// As a window from [`Film::black`] to [`Film::white`] shows it: 8 bits, white = dense.
    #[must_use]
    pub fn to_picture(&self) -> imaging::Picture {
        let (black, white) = (f32::from(self.black), f32::from(self.white));
        let levels: Vec<u8> = (0..=HIGHEST)
            .map(|sample| {
                let share = (f32::from(sample) - black) / (white - black);
                (share.clamp(0.0, 1.0) * 255.0).round() as u8
            })
            .collect();
        let pixels = self
            .samples
            .iter()
            .map(|sample| levels[usize::from(*sample)])
            .collect();
        imaging::Picture::grey(self.width, self.height, pixels)
    }
}

/// Four neighbours and their weights for one place on an axis.
struct Tap {
    at: [usize; 4],
    weights: [f32; 4],
}

/// Cubic convolution (Keys 1981, a = -1/2) from `from` to `to` places, centres aligned; places
/// beyond the edge repeat it.
fn taps(from: usize, to: usize) -> Vec<Tap> {
    let scale = from as f32 / to as f32;
    let last = from as isize - 1;
    (0..to)
        .map(|place| {
            let exact = (place as f32 + 0.5) * scale - 0.5;
            let before = exact.floor();
            let t = exact - before;
            let (t2, t3) = (t * t, t * t * t);
            Tap {
                at: [-1, 0, 1, 2].map(|step| (before as isize + step).clamp(0, last) as usize),
                weights: [
                    -0.5 * t3 + t2 - 0.5 * t,
                    1.5 * t3 - 2.5 * t2 + 1.0,
                    -1.5 * t3 + 2.0 * t2 + 0.5 * t,
                    0.5 * t3 - 0.5 * t2,
                ],
            }
        })
        .collect()
}

/// Enlarges a square of `size` samples a side to `width` x `height`.
fn enlarge(samples: &[f32], size: usize, width: usize, height: usize) -> Vec<f32> {
    let columns = taps(size, width);
    let wide: Vec<f32> = samples
        .chunks_exact(size)
        .flat_map(|row| {
            columns
                .iter()
                .map(|tap| (0..4).map(|k| tap.weights[k] * row[tap.at[k]]).sum::<f32>())
        })
        .collect();
    let mut enlarged = Vec::with_capacity(width * height);
    for tap in taps(size, height) {
        let [a, b, c, d] = tap.at.map(|row| &wide[row * width..(row + 1) * width]);
        let [wa, wb, wc, wd] = tap.weights;
        enlarged.extend((0..width).map(|x| wa * a[x] + wb * b[x] + wc * c[x] + wd * d[x]));
    }
    enlarged
}

/// Rounds to samples with fine grain added: the difference of two numbers from 0 to 31 a sample, as
/// the noise of a detector.
fn with_grain(smooth: &[f32], random: &mut ChaCha8Rng) -> Vec<u16> {
    let mut samples = Vec::with_capacity(smooth.len());
    for chunk in smooth.chunks(3) {
        let mut bits = random.next_u32();
        for value in chunk {
            let grain = (bits & 31) as f32 - (bits >> 5 & 31) as f32;
            bits >>= 10;
            samples.push((value + grain).round().clamp(0.0, f32::from(HIGHEST)) as u16);
        }
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enlarging_keeps_a_flat_and_a_sloping_film() {
        let flat = enlarge(&[7.0; 16], 4, 9, 11);
        assert_eq!(flat.len(), 99);
        assert!(flat.iter().all(|value| (value - 7.0).abs() < 1e-5));
        // Away from the edges, cubic convolution reproduces straight lines.
        let slope: Vec<f32> = (0..64).map(|at| (at % 8) as f32).collect();
        let wide = enlarge(&slope, 8, 80, 8);
        for (x, value) in wide.iter().enumerate().take(55).skip(25) {
            let expected = (x as f32 + 0.5) / 10.0 - 0.5;
            assert!((value - expected).abs() < 1e-4, "{x}: {value}");
        }
    }

    #[test]
    fn squashed_again_a_film_is_its_drawing() {
        let model = FilmModel::load().unwrap();
        for seed in 0..6 {
            let drawing = model.draw(FilmClass::Normal, seed);
            let film = Film::develop(&drawing, seed);
            let picture = film.to_picture();
            let small = ai::resize_triangle(
                picture.pixels(),
                film.width as usize,
                film.height as usize,
                drawing.size,
                drawing.size,
            );
            let error = small
                .iter()
                .zip(&drawing.pixels)
                .map(|(found, drawn)| (found - f32::from(*drawn)).powi(2))
                .sum::<f32>()
                / small.len() as f32;
            assert!(error.sqrt() < 8.0, "seed {seed}: {}", error.sqrt());
        }
    }

    #[test]
    fn films_use_the_depth_they_claim() {
        let model = FilmModel::load().unwrap();
        let film = Film::draw(&model, FilmClass::Pneumonia, 3);
        assert_eq!(
            film.samples.len(),
            film.width as usize * film.height as usize
        );
        assert!(film.samples.iter().all(|sample| *sample <= HIGHEST));
        let different: std::collections::BTreeSet<u16> = film.samples.iter().copied().collect();
        assert!(different.len() > 2000, "{} values", different.len());
    }
}
