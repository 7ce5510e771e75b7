"""The statistical film model: draws chest films of no patient, for demonstrations and tests.

Principal components of the films of parts 2 to 9 with a normal distribution of the
coefficients for each class. The file's layout is in ../../crates/demo/assets/README.md; `read` and `draw` below are the
reference reader and sampler.
"""

import argparse
import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import data

FIRST_FITTED_PART = 2  # parts 0 and 1 are kept to compare the drawn films with films they were not made from
MAGIC = b"MPFILMS1"
COMPONENTS = 112
SPREAD_LIMIT = 2.5  # normal draws are clamped to this many standard deviations
SHARPEN = 1.5  # share of (film - 3x3 mean) added back
GRAIN = 4.0  # grey levels, amplitude of the triangular grain
APART = 0.3  # the normal mean is moved this share of the class difference away, for the detail that 112 components lose


@dataclass
class FilmModel:
    """As stored: quantised mean and components, and per class the coefficients' mean and Cholesky factor."""

    size: int
    mean: np.ndarray  # float32 [size*size], grey levels
    scales: np.ndarray  # float32 [components], coefficient -> grey levels per int8 step
    components: np.ndarray  # int8 [components, size*size]
    class_means: np.ndarray  # float32 [2, components]
    class_factors: np.ndarray  # float32 [2, components, components], lower triangular


def fit(pixels: np.ndarray, labels: np.ndarray) -> FilmModel:
    """Fits the model to float32 films [n, size, size]."""
    from sklearn.utils.extmath import randomized_svd

    size = pixels.shape[1]
    flat = pixels.reshape(len(pixels), -1)
    mean = flat.mean(axis=0)
    _, _, axes = randomized_svd(flat - mean, COMPONENTS, n_iter=4, random_state=7)
    axes *= np.sign(axes[np.arange(COMPONENTS), np.abs(axes).argmax(axis=1)])[:, None]
    peak = np.abs(axes).max(axis=1)
    quantised = np.round(axes / peak[:, None] * 127).astype(np.int8)
    scales = (peak / 127).astype(np.float32)
    mean = np.round(mean * 256).clip(0, 65535) / 256
    restored = quantised.astype(np.float32) * scales[:, None]
    coefficients = np.linalg.lstsq(restored.T, (flat - mean).T, rcond=None)[0].T
    means, factors = [], []
    for label in (0, 1):
        own = coefficients[labels == label]
        means.append(own.mean(axis=0))
        factors.append(np.linalg.cholesky(np.cov(own, rowvar=False) + 1e-3 * np.eye(COMPONENTS)))
    means[0] = means[0] + APART * (means[0] - means[1])
    return FilmModel(size, mean.astype(np.float32), scales, quantised,
                     np.array(means, np.float32), np.array(factors, np.float32))


def write(model: FilmModel, path: Path) -> None:
    rows, columns = np.tril_indices(len(model.scales))
    with open(path, "wb") as handle:
        handle.write(MAGIC)
        handle.write(struct.pack("<IIIfff", model.size, len(model.scales), 2, SPREAD_LIMIT, SHARPEN, GRAIN))
        handle.write(np.round(model.mean * 256).astype("<u2").tobytes())
        handle.write(model.scales.astype("<f4").tobytes())
        for label in (0, 1):
            handle.write(model.class_means[label].astype("<f4").tobytes())
            handle.write(model.class_factors[label][rows, columns].astype("<f4").tobytes())
        handle.write(model.components.tobytes())


def read(path: Path) -> FilmModel:
    """The reference reader."""
    raw = path.read_bytes()
    if raw[:8] != MAGIC:
        raise ValueError("not a film model: wrong magic")
    size, components, classes, *_ = struct.unpack_from("<IIIfff", raw, 8)
    at, area, packed = 32, size * size, components * (components + 1) // 2

    def take(kind, count):
        nonlocal at
        values = np.frombuffer(raw, kind, count, at)
        at += values.nbytes
        return values

    mean = take("<u2", area).astype(np.float32) / 256
    scales = take("<f4", components)
    rows, columns = np.tril_indices(components)
    means, factors = [], []
    for _ in range(classes):
        means.append(take("<f4", components))
        factor = np.zeros((components, components), np.float32)
        factor[rows, columns] = take("<f4", packed)
        factors.append(factor)
    grid = take("<i1", components * area).reshape(components, area)
    if at != len(raw):
        raise ValueError("film model: trailing or missing bytes")
    return FilmModel(size, mean, scales, grid, np.array(means), np.array(factors))


def smooth_film(model: FilmModel, label: int, z: np.ndarray) -> np.ndarray:
    """Grey levels (unclamped, float) of the film with standard-normal coordinates z; no sharpening, no grain."""
    z = np.clip(z, -SPREAD_LIMIT, SPREAD_LIMIT)
    coefficients = model.class_means[label] + model.class_factors[label] @ z
    return (model.mean + (coefficients * model.scales) @ model.components).reshape(model.size, model.size)


def finish(film: np.ndarray, grain: np.ndarray) -> np.ndarray:
    """Sharpens, adds grain (one value in -1..1 a pixel) and rounds to 8 bits."""
    padded = np.pad(film, 1, mode="edge")
    h, w = film.shape
    local = sum(padded[y:y + h, x:x + w] for y in range(3) for x in range(3)) / 9
    return np.floor(np.clip(film + SHARPEN * (film - local) + GRAIN * grain, 0, 255) + 0.5).clip(0, 255).astype(np.uint8)


def draw(model: FilmModel, label: int, random: np.random.Generator) -> np.ndarray:
    """One film: z standard normal, grain the difference of two uniforms."""
    z = random.standard_normal(len(model.scales)).astype(np.float32)
    grain = random.random((model.size, model.size)) - random.random((model.size, model.size))
    return finish(smooth_film(model, label, z), grain)


def golden_z(components: int, k: int) -> np.ndarray:
    i = np.arange(components)
    return (((i * 37 + 11 * k) % 101) / 50 - 1).astype(np.float32)


def golden_grain(size: int, k: int) -> np.ndarray:
    y, x = np.mgrid[0:size, 0:size]
    return ((x * 7 + y * 13 + x * y + k) % 21 - 10) / 10


def golden(model: FilmModel) -> dict:
    """Expected drawings of four films whose z and grain follow formulas."""
    spots = [(0, 0), (5, 9), (40, 30), (64, 64), (90, 100), (127, 127), (20, 110), (64, 20)]
    cases = []
    for k in range(4):
        label = k % 2
        smooth = smooth_film(model, label, golden_z(len(model.scales), k))
        film = finish(smooth, golden_grain(model.size, k))
        cases.append({
            "k": k, "class": label,
            "smooth_mean": round(float(smooth.mean()), 4),
            "smooth_pixels": [{"x": x, "y": y, "value": round(float(smooth[y, x]), 3)} for x, y in spots],
            "finished_mean": round(float(film.mean()), 4),
            "finished_pixels": [{"x": x, "y": y, "value": int(film[y, x])} for x, y in spots],
        })
    return {
        "z": "z[i] = ((i*37 + 11*k) mod 101) / 50 - 1",
        "grain": "grain(x, y) = ((x*7 + y*13 + x*y + k) mod 21 - 10) / 10",
        "tolerance": {"smooth": 0.02, "finished": 1, "finished_mean": 0.05},
        "cases": cases,
    }


def nearest(drawn: np.ndarray, films: np.ndarray) -> np.ndarray:
    """Root-mean-square grey difference of each drawn film to its nearest film, both standardised to spread 50."""
    def flat(x):
        x = x.reshape(len(x), -1).astype(np.float32)
        x = x - x.mean(axis=1, keepdims=True)
        return x / x.std(axis=1, keepdims=True) * 50
    a, b = flat(drawn), flat(films)
    squared = (a * a).sum(1)[:, None] + (b * b).sum(1)[None] - 2 * a @ b.T
    same = squared.argmin(axis=1)
    return np.sqrt(np.maximum(squared[np.arange(len(a)), same], 0) / a.shape[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--assets", type=Path, default=Path(__file__).parents[2] / "crates" / "demo" / "assets")
    args = parser.parse_args()
    films = data.load_kermany(args.shared, args.work / "cache")
    chosen = films.parts >= FIRST_FITTED_PART
    pixels = data.load_resized(films, args.work / "cache")
    args.assets.mkdir(parents=True, exist_ok=True)
    write(fit(pixels[chosen], films.labels[chosen]), args.assets / "films.bin")
    model = read(args.assets / "films.bin")
    (args.assets / "films_golden.json").write_text(json.dumps(golden(model), indent=1) + "\n")
    random = np.random.default_rng(99)
    drawn = np.stack([draw(model, k % 2, random) for k in range(600)])
    to_training = nearest(drawn, pixels[chosen])
    real = nearest(pixels[~chosen], pixels[chosen])
    print("films.bin bytes", (args.assets / "films.bin").stat().st_size)
    print("drawn -> nearest training film (rms, spread 50): least %.2f, median %.2f" % (to_training.min(), np.median(to_training)))
    print("unseen real film -> nearest training film:       least %.2f, median %.2f" % (real.min(), np.median(real)))
    np.save(args.work / "drawn.npy", drawn)
    sheet(drawn, pixels[~chosen], args.work / "drawn.png")


def sheet(drawn, real, path):
    from PIL import Image
    picks = [drawn[0:16:2], drawn[16:32:2], drawn[1:17:2], drawn[17:33:2], real[:: len(real) // 8][:8].astype(np.uint8)]
    Image.fromarray(np.vstack([np.hstack(list(row)) for row in picks])).save(path)


if __name__ == "__main__":
    main()
