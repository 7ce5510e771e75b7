"""Where the package's answers stop being good: the same films framed and exposed otherwise, and films of adults."""

import csv
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import calibrate
import data
import outsiders

CONSOLIDATION = {"Pneumonia", "Consolidation", "Infiltration"}


def equalised(film):
    """Each grey level replaced by its rank."""
    greys = film.ravel()
    return (np.searchsorted(np.sort(greys), greys) / greys.size * 255).reshape(film.shape)


def clipped(film):
    low, high = np.percentile(film, [3, 95])
    return np.clip((film - low) / max(high - low, 1), 0, 1) * 255


def changes():
    """By name: what is done to a film of 224 x 224 before the squash."""
    random = np.random.default_rng(8)
    return {
        "as it is": lambda film: film,
        "8 % cut off at each side": lambda film: film[18:-18, 18:-18],
        "8 % cut off left and right": lambda film: film[:, 18:-18],
        "9 % cut off at the top": lambda film: film[20:],
        "black border of 12 % at each side": lambda film: np.pad(film, 27),
        "black border left and right": lambda film: np.pad(film, ((0, 0), (27, 27))),
        "gamma 0.6": lambda film: (film / 255) ** 0.6 * 255,
        "gamma 1.7": lambda film: (film / 255) ** 1.7 * 255,
        "half the contrast": lambda film: film / 2 + 60,
        "histogram equalised": equalised,
        "5 % white, 3 % black": clipped,
        "noise of 15 grey levels": lambda film: np.clip(film + random.standard_normal(film.shape) * 15, 0, 255),
        "64 x 64 pixels, JPEG": lambda film: outsiders.as_jpeg(data.resize(film, 64, 64), 85),
    }


def under_changes(run, films, chosen: dict, minimum: float) -> list[dict]:
    """Figures of the test part, each film changed in one way. `run` gives all outputs for float32 pictures."""
    rows = films.parts == data.TEST_PART
    labels, out = films.labels[rows], []
    for name, change in changes().items():
        pictures = data.resize_all([change(film.astype(np.float32)) for film in films.pixels[rows]])
        logits, scope = run(pictures)[:2]
        p = calibrate.probability(logits[:, 0], chosen["slope"], chosen["intercept"])
        f = calibrate.figures(p, labels, chosen["medium"])
        out.append({"change": name, **{key: f[key] for key in ("auroc", "sensitivity", "specificity", "expected_calibration_error")},
                    "accepted": float((scope >= minimum).mean())})
    return out


def adults(run, shared: Path, nih, chosen: dict) -> dict:
    """What the classifier would say of adults, were they not refused; and what its features can be made to say."""
    with open(shared / "cxr" / "manifest.csv", newline="", encoding="utf-8") as handle:
        findings = {row["file"]: set(row["findings"].split("|")) for row in csv.DictReader(handle)}
    consolidation = np.array([bool(findings[file] & CONSOLIDATION) for file in nih.files])
    logits, _, _, features = run(data.resize_all(nih.pixels))
    p = calibrate.probability(logits[:, 0], chosen["slope"], chosen["intercept"])
    normal = nih.labels == 0
    clear = normal | consolidation
    refitted = np.zeros(len(nih.labels))
    for fold in range(data.PARTS // 2):
        own = nih.parts // 2 == fold
        fit = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=2000))
        refitted[own] = fit.fit(features[~own], nih.labels[~own]).decision_function(features[own])
    return {
        "films": len(nih.labels), "normal": int(normal.sum()), "consolidation": int(consolidation.sum()),
        "auroc_abnormal": float(roc_auc_score(nih.labels, p)),
        "auroc_consolidation": float(roc_auc_score(consolidation[clear], p[clear])),
        "normal_flagged": float((p[normal] >= chosen["medium"]).mean()),
        "consolidation_missed": float((p[consolidation] < chosen["medium"]).mean()),
        "refitted_auroc_abnormal": float(roc_auc_score(nih.labels, refitted)),
    }
