"""Calibration, thresholds and figures."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score


def platt(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Slope and intercept with p = sigmoid(slope * logit + intercept), as if both classes were equally frequent."""
    fit = LogisticRegression(C=100.0, class_weight="balanced").fit(logits[:, None], labels)
    return float(fit.coef_[0, 0]), float(fit.intercept_[0])


def probability(logits: np.ndarray, slope: float, intercept: float) -> np.ndarray:
    return 1 / (1 + np.exp(-(slope * logits + intercept)))


def threshold_for(probabilities: np.ndarray, labels: np.ndarray, sensitivity: float) -> float:
    """The largest threshold, cut to four digits, that still finds `sensitivity` of the positives (p >= threshold)."""
    positives = np.sort(probabilities[labels == 1])
    value = float(positives[int(np.floor((1 - sensitivity) * len(positives)))])
    return float(np.floor(value * 10_000) / 10_000)


def expected_calibration_error(probabilities, labels, bins=10) -> float:
    """Mean |observed - predicted| over `bins` equal-width bins, weighted by their films."""
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    error = 0.0
    for index in range(bins):
        chosen = place == index
        if chosen.any():
            error += chosen.mean() * abs(labels[chosen].mean() - probabilities[chosen].mean())
    return float(error)


def auroc_interval(scores, labels, patients, rounds=2000, seed=11) -> tuple[float, float]:
    """95 % interval from resampling patients."""
    random = np.random.default_rng(seed)
    names = np.unique(patients)
    rows = {name: np.flatnonzero(patients == name) for name in names}
    values = []
    for _ in range(rounds):
        pick = np.concatenate([rows[name] for name in random.choice(names, len(names))])
        if 0 < labels[pick].sum() < len(pick):
            values.append(roc_auc_score(labels[pick], scores[pick]))
    return float(np.percentile(values, 2.5)), float(np.percentile(values, 97.5))


def figures(probabilities, labels, threshold) -> dict:
    """Confusion figures at `threshold`, ranking and calibration."""
    said = probabilities >= threshold
    is_positive = labels == 1
    tp, fp = int((said & is_positive).sum()), int((said & ~is_positive).sum())
    fn, tn = int((~said & is_positive).sum()), int((~said & ~is_positive).sum())
    return {
        "images": len(labels), "tp": tp, "fp": fp, "fn": fn, "tn": tn,
        "auroc": float(roc_auc_score(labels, probabilities)),
        "sensitivity": tp / (tp + fn), "specificity": tn / (tn + fp),
        "accuracy": (tp + tn) / len(labels), "precision": tp / (tp + fp),
        "f1_score": 2 * tp / (2 * tp + fp + fn),
        "expected_calibration_error": expected_calibration_error(probabilities, labels),
        "brier": float(np.mean((probabilities - labels) ** 2)),
    }
