//! The statistical model of chest films: reading `assets/films.bin` and drawing from it. Layout and
//! steps are in `assets/README.md`.

use rand::RngExt;
use rand_distr::StandardNormal;

use crate::randomness;

const BUNDLED: &[u8] = include_bytes!("../assets/films.bin");
const MAGIC: &[u8; 8] = b"MPFILMS1";
/// Bytes before the mean film.
const HEAD: usize = 32;
const CLASSES: usize = 2;

/// What a drawn film shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FilmClass {
    /// Nothing out of the ordinary.
    Normal,
    /// Opacities as in pneumonia.
    Pneumonia,
}

impl FilmClass {
    /// The label in a manifest: `NORMAL` or `PNEUMONIA`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Normal => "NORMAL",
            Self::Pneumonia => "PNEUMONIA",
        }
    }

    /// The word in lower case: `normal` or `pneumonia`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Pneumonia => "pneumonia",
        }
    }
}

/// Why the file of the model cannot be used. The bundled one is tested, so this means that the
/// program was built from a damaged copy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilmModelError {
    /// It is something else.
    #[error("films.bin does not begin with MPFILMS1: restore it from the repository")]
    WrongMagic,
    /// It is damaged.
    #[error(
        "films.bin has {found} bytes where its head asks for {expected}: restore it from the repository"
    )]
    WrongLength {
        /// Bytes by the head.
        expected: u64,
        /// Bytes there.
        found: u64,
    },
    /// It is of another kind.
    #[error("films.bin is for {found} classes, this program for 2: use the one of this version")]
    WrongClasses {
        /// Classes by the head.
        found: u32,
    },
}

/// A drawn film at the model's own size: row by row from the top left, white = dense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GreyFilm {
    /// Pixels a side; 128 for the bundled model.
    pub size: usize,
    /// `size * size` grey levels.
    pub pixels: Vec<u8>,
}

/// The coefficients' distribution of one class.
#[derive(Debug, Clone)]
struct ClassModel {
    mean: Vec<f32>,
    /// Cholesky factor, lower triangle, row by row.
    factor: Vec<f32>,
}

/// The model: a mean film, principal components, and how each class spreads along them.
#[derive(Clone)]
pub struct FilmModel {
    size: usize,
    spread_limit: f32,
    sharpen: f32,
    grain: f32,
    mean: Vec<f32>,
    scales: Vec<f32>,
    classes: [ClassModel; CLASSES],
    components: Vec<i8>,
}

impl std::fmt::Debug for FilmModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilmModel")
            .field("size", &self.size)
            .field("components", &self.scales.len())
            .finish_non_exhaustive()
    }
}

impl FilmModel {
    /// The bundled model.
    ///
    /// # Errors
    /// [`FilmModelError`] when the program was built from a damaged file.
    pub fn load() -> Result<Self, FilmModelError> {
        Self::from_bytes(BUNDLED)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, FilmModelError> {
        let mut reader = Reader { rest: bytes };
        if bytes.get(..8) != Some(MAGIC) {
            return Err(FilmModelError::WrongMagic);
        }
        if bytes.len() < HEAD {
            return Err(FilmModelError::WrongLength {
                expected: HEAD as u64,
                found: bytes.len() as u64,
            });
        }
        reader.take(8);
        let (size, components, classes) = (reader.u32(), reader.u32(), reader.u32());
        if classes as usize != CLASSES {
            return Err(FilmModelError::WrongClasses { found: classes });
        }
        let expected = length(u64::from(size), u64::from(components));
        if expected != Some(bytes.len() as u64) {
            return Err(FilmModelError::WrongLength {
                expected: expected.unwrap_or(u64::MAX),
                found: bytes.len() as u64,
            });
        }
        // Both fit, since the file is as long as they say.
        let (size, components) = (size as usize, components as usize);
        let [spread_limit, sharpen, grain] = [reader.f32(), reader.f32(), reader.f32()];
        let mean = reader
            .take(2 * size * size)
            .as_chunks::<2>()
            .0
            .iter()
            .map(|pair| f32::from(u16::from_le_bytes(*pair)) / 256.0)
            .collect();
        let scales = reader.floats(components);
        let mut class = || ClassModel {
            mean: reader.floats(components),
            factor: reader.floats(components * (components + 1) / 2),
        };
        let classes = [class(), class()];
        Ok(Self {
            size,
            spread_limit,
            sharpen,
            grain,
            mean,
            scales,
            classes,
            components: reader.rest.iter().map(|byte| byte.cast_signed()).collect(),
        })
    }

    /// Pixels a side of what [`FilmModel::draw`] draws.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Draws a film. The same class and seed give the same film.
    #[must_use]
    pub fn draw(&self, class: FilmClass, seed: u64) -> GreyFilm {
        let mut random = randomness::stream(class.as_str(), seed);
        let coordinates: Vec<f32> = (0..self.scales.len())
            .map(|_| random.sample(StandardNormal))
            .collect();
        let smooth = self.smooth(class, &coordinates);
        let grain: Vec<f32> = (0..smooth.len())
            .map(|_| random.random::<f32>() - random.random::<f32>())
            .collect();
        self.finish(&smooth, &grain)
    }

    /// Steps 1 to 3: the film at these standard normal coordinates, not clamped.
    fn smooth(&self, class: FilmClass, coordinates: &[f32]) -> Vec<f32> {
        let model = match class {
            FilmClass::Normal => &self.classes[0],
            FilmClass::Pneumonia => &self.classes[1],
        };
        let z: Vec<f32> = coordinates
            .iter()
            .map(|z| z.clamp(-self.spread_limit, self.spread_limit))
            .collect();
        let mut film = self.mean.clone();
        let mut factor = model.factor.as_slice();
        let planes = self.components.chunks_exact(self.size * self.size);
        for (i, (plane, scale)) in planes.zip(&self.scales).enumerate() {
            let (row, rest) = factor.split_at(i + 1);
            factor = rest;
            let spread: f32 = row.iter().zip(&z).map(|(l, z)| l * z).sum();
            let weight = (model.mean[i] + spread) * scale;
            for (pixel, component) in film.iter_mut().zip(plane) {
                *pixel += weight * f32::from(*component);
            }
        }
        film
    }

    /// Steps 4 to 6: sharpens, adds the grain (one value in -1..1 a pixel) and rounds.
    fn finish(&self, smooth: &[f32], grain: &[f32]) -> GreyFilm {
        let size = self.size;
        let mut pixels = Vec::with_capacity(smooth.len());
        for y in 0..size {
            let rows = [y.saturating_sub(1), y, (y + 1).min(size - 1)];
            for x in 0..size {
                let columns = [x.saturating_sub(1), x, (x + 1).min(size - 1)];
                let around: f32 = rows
                    .iter()
                    .flat_map(|row| columns.map(|column| smooth[row * size + column]))
                    .sum();
                let at = y * size + x;
                let value = smooth[at]
                    + self.sharpen * (smooth[at] - around / 9.0)
                    + self.grain * grain[at];
                pixels.push((value.clamp(0.0, 255.0) + 0.5).floor() as u8);
            }
        }
        GreyFilm { size, pixels }
    }
}

/// Bytes of a file for this size and number of components; `None` when no file is that long.
fn length(size: u64, components: u64) -> Option<u64> {
    let area = size.checked_mul(size)?;
    let packed = components.checked_mul(components.checked_add(1)?)? / 2;
    let class = components.checked_add(packed)?.checked_mul(4)?;
    [
        area.checked_mul(2)?,
        components.checked_mul(4)?,
        class.checked_mul(2)?,
        components.checked_mul(area)?,
    ]
    .into_iter()
    .try_fold(HEAD as u64, u64::checked_add)
}

/// Reads a file whose length has been checked.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N));
        array
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    fn f32(&mut self) -> f32 {
        f32::from_le_bytes(self.array())
    }

    fn floats(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.f32()).collect()
    }
}

#[cfg(test)]
mod tests;
