"""Which films a training leaves out: by patients dealt at random, and in ways that make training and measuring differ.

The collection's file names carry numbers that run on over years, in two naming schemes for normal films (`IM-` and
`NORMAL2-IM-`). The publisher's test split, which is not here, has the lowest numbers of each.
"""

import re

import numpy as np

FOLDS = 5


def scheme(file: str) -> str:
    """The naming scheme of a file: `IM`, `NORMAL2` or `person`."""
    name = file.rsplit("/", 1)[-1]
    return "NORMAL2" if name.startswith("NORMAL2") else "IM" if name.startswith("IM") else "person"


def number(file: str) -> int:
    """The patient's number in a file name."""
    return int(re.search(r"(?:IM-|person)(\d+)", file).group(1))


def random(films) -> np.ndarray:
    """Folds 0 to 4 of patients dealt at random: two parts each."""
    return films.parts // 2


def blocks(films) -> np.ndarray:
    """Folds 0 to 4 of neighbouring patient numbers within each naming scheme; 0 has the lowest."""
    schemes = np.array([scheme(file) for file in films.files])
    numbers = np.array([number(file) for file in films.files])
    out = np.zeros(len(films.files), int)
    for name in sorted(set(schemes)):
        for fold, block in enumerate(np.array_split(np.unique(numbers[schemes == name]), FOLDS)):
            out[(schemes == name) & np.isin(numbers, block)] = fold
    return out


def schemes(films) -> np.ndarray:
    """Fold 0: all normal films named `IM-`, fold 1: all named `NORMAL2-IM-`, each with the pneumonias of that block of
    numbers (0 the lowest, 1 the next); 2 is never left out."""
    names = np.array([scheme(file) for file in films.files])
    pneumonia_block = blocks(films)
    out = np.full(len(films.files), 2)
    for fold, name in enumerate(("IM", "NORMAL2")):
        out[(names == name) | ((films.labels == 1) & (pneumonia_block == fold))] = fold
    return out


SPLITS = {"random": random, "blocks": blocks, "schemes": schemes}
