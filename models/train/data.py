"""Images, patient-level split and the training-time resizer.

Everything the recipe reads comes from the folder given as ``shared`` (it holds ``cxr`` and, for the scope head,
``dicom``); decoded arrays are cached in ``cache``. Nothing decoded is ever written into the repository: only the split
lists (file names and SHA-256) are.
"""

import csv
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = 128
PARTS = 10  # two parts make one of the five folds
TEST_PART = 0  # no member of the package sees it, and nothing is chosen by it
ADULT_TEST_PARTS = (0, 1, 2, 3)  # of the adult patients: the scope head does not see them
SPLIT_SEED = 20261124
SPLITS = Path(__file__).parent / "splits"


@dataclass
class Films:
    """Decoded chest films of one source: 8-bit grey, white = dense."""

    files: list[str]
    patients: np.ndarray  # str, namespaced by class where the source reuses numbers
    labels: np.ndarray  # 1 = pneumonia (or "abnormal")
    parts: np.ndarray  # 0..9, equal for all films of one patient
    pixels: np.ndarray  # uint8 [n, h, w]


def resize(grey: np.ndarray, width: int, height: int) -> np.ndarray:
    """Plain squash to width x height: PIL bilinear (triangle filter, support scaled) on floats, unrounded."""
    image = Image.fromarray(np.asarray(grey, dtype=np.float32), mode="F")
    return np.asarray(image.resize((width, height), Image.BILINEAR), dtype=np.float32)


def resize_all(pixels, size: int = SIZE) -> np.ndarray:
    """`resize` for a list or array of pictures, to float32 [n, size, size]."""
    return np.stack([resize(picture, size, size) for picture in pixels])


def load_resized(films, cache: Path) -> np.ndarray:
    """All films at the network's size, float32, from the cache where they are there."""
    stored = cache / f"kermany_{SIZE}.npy"
    if not stored.exists():
        aside = cache / f"kermany_{SIZE}.{os.getpid()}.npy"
        np.save(aside, resize_all(films.pixels))
        aside.rename(stored)
    return np.load(stored, mmap_mode="r")


def decode(path: Path) -> np.ndarray:
    """An image file as 8-bit grey."""
    with Image.open(path) as image:
        return np.asarray(image.convert("L"))


def _manifest(shared: Path, source: str) -> list[dict]:
    with open(shared / "cxr" / "manifest.csv", newline="", encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["source"] == source]
    return sorted(rows, key=lambda row: row["file"])


def _assign_parts(patients: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Gives every patient one of PARTS parts, spreading each stratum's patients evenly, the same on every run."""
    part_of: dict[str, int] = {}
    for stratum in sorted(set(strata)):
        names = sorted(set(patients[strata == stratum]) - set(part_of))
        order = np.random.default_rng(SPLIT_SEED).permutation(len(names))
        for position, index in enumerate(order):
            part_of[names[index]] = position % PARTS
    return np.array([part_of[patient] for patient in patients])


def _write_split(name: str, rows: list[dict], films: Films, held_out: tuple[int, ...]) -> None:
    SPLITS.mkdir(exist_ok=True)
    with open(SPLITS / name, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["file", "patient", "label", "part", "fold", "use", "sha256"])
        for row, patient, label, part in zip(rows, films.patients, films.labels, films.parts):
            use = "test" if part in held_out else "train"
            writer.writerow([row["file"], patient, int(label), int(part), int(part) // 2, use, row["sha256"]])


def _load(shared: Path, cache: Path, source: str, positive: str, split: str, by_class: bool, held_out: tuple[int, ...]) -> Films:
    rows = _manifest(shared, source)
    labels = np.array([row["label"] == positive for row in rows])
    # personN and IM-N are numbered independently, so the class is part of a Kermany patient's name.
    patients = np.array([f"{row['label']}/{row['patient']}" if by_class else row["patient"] for row in rows])
    stored = cache / f"{source}.npy"
    if stored.exists():
        pixels = np.load(stored)
    else:
        pictures = []
        for row in rows:
            path = shared / "cxr" / row["file"]
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if digest != row["sha256"]:
                raise ValueError(f"{row['file']}: digest differs from the manifest; restore the file")
            pictures.append(decode(path))
        pixels = np.stack(pictures)
        cache.mkdir(parents=True, exist_ok=True)
        np.save(stored, pixels)
    parts = _assign_parts(patients, labels if by_class else np.zeros(len(rows)))
    films = Films([row["file"] for row in rows], patients, labels.astype(np.int64), parts, pixels)
    _write_split(split, rows, films, held_out)
    return films


def load_kermany(shared: Path, cache: Path) -> Films:
    """The paediatric films (label 1 = pneumonia)."""
    return _load(shared, cache, "kermany2018", "PNEUMONIA", "kermany.csv", True, (TEST_PART,))


def load_nih(shared: Path, cache: Path) -> Films:
    """The adult films, 64 px, used only as examples outside the intended use."""
    return _load(shared, cache, "nih_cxr14_64px", "abnormal", "nih.csv", False, ADULT_TEST_PARTS)


def load_local(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """A hospital's own signed cases, as `medical-portal model export-training-set` writes them: (pixels, labels) of the part
    `train`, at the network's size. Its parts `validation` and `test` stay for `medical-portal model evaluate`."""
    with open(folder / "manifest.csv", newline="", encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["split"] == "train"]
    if not rows:
        raise ValueError(f"{folder}: no case of the part `train`; export more signed cases")
    for row in rows:
        if hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest() != row["sha256"]:
            raise ValueError(f"{row['file']}: digest differs from the list; export the set again")
    pixels = resize_all([decode(folder / row["file"]) for row in rows])
    return pixels, np.array([row["label"] != "NORMAL" for row in rows]).astype(np.int64)


def load_dicom_pictures(shared: Path) -> tuple[list[np.ndarray], list[np.ndarray], list[str]]:
    """Non-chest pictures from DICOM files: (for training, held out for measuring, names of the held-out files).

    A file's half is decided by its SHA-256. Of files that show nearly the same picture (one picture stored under
    several transfer syntaxes) only the first is used, so that no picture stands on both sides or counts twice.
    """
    import pydicom  # only needed here

    rows, training, held_out, names = [], [], [], []
    seen: list[np.ndarray] = []
    for path in sorted((shared / "dicom").glob("*.dcm")):
        try:
            dataset = pydicom.dcmread(path, force=True)
            array = np.asarray(dataset.pixel_array, dtype=np.float32)
        except Exception:  # noqa: BLE001 - broken files are part of that collection
            continue
        grey = _first_plane(array)
        if grey is None or min(grey.shape) < 16:
            continue
        key = _likeness_key(grey)
        if any(float(key @ other) > 0.95 for other in seen):
            continue
        seen.append(key)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        use = "measure" if int(digest[:2], 16) % 2 else "train"
        rows.append([path.name, use, digest])
        if use == "train":
            training.append(grey)
        else:
            held_out.append(grey)
            names.append(path.name)
    with open(SPLITS / "dicom.csv", "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["file", "use", "sha256"])
        writer.writerows(rows)
    return training, held_out, names


def _likeness_key(grey: np.ndarray) -> np.ndarray:
    """A unit vector whose dot product with another picture's is the correlation of their 8 x 8 thumbnails."""
    key = resize(grey, 8, 8).ravel()
    key = key - key.mean()
    return key / (np.linalg.norm(key) + 1e-6)


def _first_plane(array: np.ndarray) -> np.ndarray | None:
    """The first frame as a window-free 8-bit grey picture, or None where there is none."""
    if array.ndim == 4:
        array = array[0]
    if array.ndim == 3:
        array = array.mean(axis=2) if array.shape[2] in (3, 4) else array[array.shape[0] // 2]
    if array.ndim != 2:
        return None
    low, high = np.percentile(array, [1, 99])
    return (np.clip((array - low) / max(high - low, 1e-6), 0, 1) * 255).astype(np.uint8)
