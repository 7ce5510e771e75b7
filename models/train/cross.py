"""Cross-validation: figures of folds on films that their member did not see, calibration, and the thresholds.

Reads the logits that `train.py` wrote for each fold. The test part has no say in anything that is chosen here.
"""

import argparse
import json
from pathlib import Path

import numpy as np

import calibrate
import data
import folds

# A film is flagged where pneumonia is more probable than not, were both classes equally frequent.
MEDIUM = 0.5
HIGH_SENSITIVITY = 0.90


def out_of_fold(films, work: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """(logits, folds): each film's logit from the model whose fold it was left out with; NaN and -1 where none was."""
    logits, fold_of = np.full(len(films.files), np.nan), np.full(len(films.files), -1)
    for stored in sorted(work.glob(f"logits_{split}?.npz")):
        kept = np.load(stored)
        rows = kept["rows"][kept["left_out"]]
        logits[rows], fold_of[rows] = kept["logits"][kept["left_out"]], int(stored.stem[-1])
    return logits, fold_of


def choose(logits, labels) -> dict:
    """Platt scaling and thresholds, from out-of-fold logits."""
    slope, intercept = calibrate.platt(logits, labels)
    p = calibrate.probability(logits, slope, intercept)
    return {
        "slope": slope, "intercept": intercept,
        "medium": MEDIUM,
        "high": calibrate.threshold_for(p, labels, HIGH_SENSITIVITY),
    }


def judged(logits, labels, chosen: dict) -> dict:
    """Figures at both thresholds."""
    p = calibrate.probability(logits, chosen["slope"], chosen["intercept"])
    medium, high = (calibrate.figures(p, labels, chosen[name]) for name in ("medium", "high"))
    return {
        "images": len(labels), "positives": int(labels.sum()), "auroc": medium["auroc"],
        "sensitivity": medium["sensitivity"], "specificity": medium["specificity"],
        "high_sensitivity": high["sensitivity"], "high_specificity": high["specificity"],
        "expected_calibration_error": medium["expected_calibration_error"], "brier": medium["brier"],
    }


def spread(rows: list[dict]) -> dict:
    """Mean, standard deviation, least and greatest of each figure over folds."""
    names = [name for name in rows[0] if name not in ("fold", "images", "positives")]
    return {name: {
        "mean": float(np.mean([row[name] for row in rows])), "sd": float(np.std([row[name] for row in rows], ddof=1)),
        "least": float(min(row[name] for row in rows)), "greatest": float(max(row[name] for row in rows)),
    } for name in names}


def cross_validated(films, logits, fold_of) -> dict:
    """Each fold judged with calibration and thresholds chosen on the other folds, the test part left aside for choosing."""
    rows = []
    for fold in sorted(set(fold_of) - {-1}):
        others = (fold_of >= 0) & (fold_of != fold) & (films.parts != data.TEST_PART)
        own = fold_of == fold
        chosen = choose(logits[others], films.labels[others])
        rows.append({"fold": int(fold), **judged(logits[own], films.labels[own], chosen)})
    return {"folds": rows, "spread": spread(rows)}


def shifted(films, work: Path, split: str, chosen: dict) -> dict | None:
    """Figures under a shift, with the package's calibration and thresholds."""
    logits, fold_of = out_of_fold(films, work, split)
    rows = [{"fold": int(fold), **judged(logits[fold_of == fold], films.labels[fold_of == fold], chosen)}
            for fold in sorted(set(fold_of) - {-1})]
    if not rows:
        return None
    return {"folds": rows, **({"spread": spread(rows)} if len(rows) > 1 else {})}


def measure(films, work: Path) -> dict:
    logits, fold_of = out_of_fold(films, work, "random")
    if set(fold_of) != set(range(folds.FOLDS)):
        raise ValueError("cross-validation needs the logits of all folds: run train.py for every fold")
    usable = films.parts != data.TEST_PART
    chosen = choose(logits[usable], films.labels[usable])
    return {
        "chosen": chosen,
        "random": cross_validated(films, logits, fold_of),
        **{split: shifted(films, work, split, chosen) for split in ("blocks", "schemes")},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--work", type=Path, required=True)
    args = parser.parse_args()
    films = data.load_kermany(args.shared, args.work / "cache")
    result = measure(films, args.work)
    (args.work / "cross.json").write_text(json.dumps(result, indent=1))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
