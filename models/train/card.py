"""Writes the figure tables of MODEL_CARD.md from figures.json, between the marker lines."""

import json
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "chest-paediatric"
BEGIN, END = "<!-- figures: written by train/card.py -->", "<!-- end of figures -->"


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


FIGURES = [
    ("auroc", "AUROC"), ("sensitivity", "Sensitivity at medium"), ("specificity", "Specificity at medium"),
    ("high_sensitivity", "Sensitivity at high"), ("high_specificity", "Specificity at high"),
    ("expected_calibration_error", "Expected calibration error"), ("brier", "Brier"),
]


def cross_rows(figures: dict) -> list[str]:
    cross = figures["cross_validation"]
    rows = ["Patients dealt at random, five folds, each judged by the member that did not see it, with calibration and "
            "thresholds chosen on the other folds:", "", "| Figure | Mean | SD | Least | Greatest |", "|---|---|---|---|---|"]
    spread = cross["random"]["spread"]
    rows += [f"| {title} | {spread[name]['mean']:.4f} | {spread[name]['sd']:.4f} | {spread[name]['least']:.4f} "
             f"| {spread[name]['greatest']:.4f} |" for name, title in FIGURES]
    rows += ["", "Under a shift, by a single network trained for that, with the package's calibration and thresholds:", "",
             "| Left out | Films | AUROC | Sens. / spec. at medium | Sens. / spec. at high | ECE | Brier |", "|---|---|---|---|---|---|---|"]
    names = {("blocks", 0): "the lowest fifth of patient numbers", ("schemes", 0): "normal films named IM-, pneumonias of the lowest numbers",
             ("schemes", 1): "normal films named NORMAL2-, pneumonias of the next numbers"}
    for split in ("blocks", "schemes"):
        for f in (cross[split] or {"folds": []})["folds"]:
            name = names.get((split, f["fold"]), f"block {f['fold']} of patient numbers")
            rows.append(f"| {name} | {f['images']} | {f['auroc']:.4f} "
                        f"| {percent(f['sensitivity'])} / {percent(f['specificity'])} | {percent(f['high_sensitivity'])} / "
                        f"{percent(f['high_specificity'])} | {f['expected_calibration_error']:.4f} | {f['brier']:.4f} |")
    return rows


def test_rows(figures: dict) -> list[str]:
    test, chosen = figures["test"], figures["cross_validation"]["chosen"]
    low, high = test["auroc_interval"]
    medium = test["at_medium"]
    rows = [
        f"Part 0, which no member saw: {medium['images']} films of {test['patients']} patients. AUROC "
        f"{medium['auroc']:.4f} (95 % interval over patients {low:.4f} to {high:.4f}), "
        f"Brier {medium['brier']:.4f}, expected calibration error {medium['expected_calibration_error']:.4f}.",
        "",
        "| Threshold | p from | Sensitivity | Specificity | Accuracy | Precision | F1 | TP / FP / FN / TN |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, key, value in (("high", "at_high", chosen["high"]), ("medium", "at_medium", chosen["medium"])):
        f = test[key]
        rows.append(f"| {name} | {value} | {percent(f['sensitivity'])} | {percent(f['specificity'])} | {percent(f['accuracy'])} "
                    f"| {percent(f['precision'])} | {percent(f['f1_score'])} | {f['tp']} / {f['fp']} / {f['fn']} / {f['tn']} |")
    rows.append("")
    for kind, (share, count) in test["sensitivity_by_kind_at_medium"].items():
        rows.append(f"Sensitivity at the medium threshold, file name says {kind}: {percent(share)} of {count}.")
    return rows


def scope_rows(figures: dict) -> list[str]:
    rows = ["| Group, none of it trained on | Accepted | n |", "|---|---|---|"]
    rows += [f"| {name.removesuffix(' accepted')} | {percent(share)} | {count} |" for name, (share, count) in figures["scope"].items()]
    return rows


def change_rows(figures: dict) -> list[str]:
    rows = ["The test part's films, each changed in one way before it is squashed:", "",
            "| Change | AUROC | Sensitivity at medium | Specificity at medium | ECE | Accepted by the scope head |", "|---|---|---|---|---|---|"]
    rows += [f"| {f['change']} | {f['auroc']:.4f} | {percent(f['sensitivity'])} | {percent(f['specificity'])} "
             f"| {f['expected_calibration_error']:.3f} | {percent(f['accepted'])} |" for f in figures["changes"]]
    return rows


def adult_rows(figures: dict) -> list[str]:
    a = figures["adults"]
    return [f"{a['films']} films, {a['normal']} of them normal by their report, {a['consolidation']} with pneumonia, consolidation or "
            f"infiltration. Were they scored: AUROC {a['auroc_abnormal']:.3f} between normal and abnormal, "
            f"{a['auroc_consolidation']:.3f} between normal and these three; flagged of the normal ones {percent(a['normal_flagged'])}, "
            f"missed of the three {percent(a['consolidation_missed'])}. A logistic regression on the features, fitted to adults "
            f"and judged on other adults (five folds by patient): AUROC {a['refitted_auroc_abnormal']:.3f}. That is why adults are refused."]


def drawn_rows(figures: dict) -> list[str]:
    d = figures["drawn"]
    near, real = d["nearest_training_film_rms"], d["unseen_real_film_rms"]
    return [
        f"{d['films']} drawn films: AUROC between the two classes {d['auroc']:.3f}; called high: {percent(d['normal_called_high'])} "
        f"of normal, {percent(d['pneumonia_called_high'])} of pneumonia; accepted by the scope head {percent(d['scope_accepted'])}. "
        f"Distance to the nearest training film (root mean square, grey spread 50): least {near['least']:.1f}, median "
        f"{near['median']:.1f}; for real films of unseen patients least {real['least']:.1f}, median {real['median']:.1f}.",
    ]


def planted_rows(figures: dict) -> list[str]:
    p = figures["planted"]
    flagged = "" if p["inside_of_flagged"] is None else f", in {percent(p['inside_of_flagged'])} of the {p['flagged']} that are flagged with it"
    return [f"{p['planted']} soft opacities planted into the lung fields of the {p['films']} normal films of the test part that were "
            f"low: the map's peak is inside the plant in {percent(p['inside'])}{flagged}."]


def runtime_rows(figures: dict) -> list[str]:
    return [f"{figures['parameters']} parameters, {figures['onnx_bytes']} bytes; ONNX Runtime on one thread, one film: "
            f"{figures['milliseconds_one_thread']:.1f} ms; greatest difference to PyTorch over all outputs {figures['parity']:.1e}."]


def main():
    figures = json.loads((PACKAGE / "figures.json").read_text())
    card = PACKAGE / "MODEL_CARD.md"
    text = card.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    blocks = [("Cross-validation", cross_rows), ("The package on the test part", test_rows), ("Scope head", scope_rows), ("Other framing and exposure", change_rows),
              ("Adults", adult_rows), ("Planted opacities", planted_rows), ("Drawn films", drawn_rows), ("Runtime", runtime_rows)]
    body = "\n\n".join(f"### {title}\n\n" + "\n".join(rows(figures)) for title, rows in blocks)
    card.write_text(f"{before}{BEGIN}\n\n{body}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
