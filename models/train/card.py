"""Writes the figure tables of MODEL_CARD.md from figures.json, between the marker lines."""

import json
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "chest-paediatric"
BEGIN, END = "<!-- figures: written by train/card.py -->", "<!-- end of figures -->"


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def classifier_rows(figures: dict) -> list[str]:
    test = figures["test"]
    low, high = test["auroc_interval"]
    rows = [
        f"Test part: {test['at_high']['images']} films of {test['patients']} patients. AUROC "
        f"{test['at_high']['auroc']:.4f} (95 % interval over patients {low:.4f} to {high:.4f}), "
        f"Brier {test['at_high']['brier']:.4f}, expected calibration error {test['at_high']['expected_calibration_error']:.4f}.",
        "",
        "| Threshold | p from | Sensitivity | Specificity | Accuracy | Precision | F1 | TP / FP / FN / TN |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, key, value in (("high", "at_high", figures["high"]), ("medium", "at_medium", figures["medium"]), ("one half", "at_half", 0.5)):
        f = test[key]
        rows.append(f"| {name} | {value} | {percent(f['sensitivity'])} | {percent(f['specificity'])} | {percent(f['accuracy'])} "
                    f"| {percent(f['precision'])} | {percent(f['f1_score'])} | {f['tp']} / {f['fp']} / {f['fn']} / {f['tn']} |")
    rows.append("")
    for kind, (share, count) in test["sensitivity_by_kind_at_high"].items():
        rows.append(f"Sensitivity at the high threshold, file name says {kind}: {percent(share)} of {count}.")
    own = [row["own part"] for row in figures["members"]]
    rows += ["", "| Member | AUROC on the part it left out | AUROC on the test part |", "|---|---|---|"]
    rows += [f"| {row['member']} | {row['own part']:.4f} | {row['test part']:.4f} |" for row in figures["members"]]
    mean = sum(own) / len(own)
    rows += ["", f"Left-out parts: mean {mean:.4f}, from {min(own):.4f} to {max(own):.4f}."]
    return rows


def scope_rows(figures: dict) -> list[str]:
    rows = ["| Group, none of it trained on | Accepted | n |", "|---|---|---|"]
    rows += [f"| {name.removesuffix(' accepted')} | {percent(share)} | {count} |" for name, (share, count) in figures["scope"].items()]
    return rows


def drawn_rows(figures: dict) -> list[str]:
    d = figures["drawn"]
    near, real = d["nearest_training_film_rms"], d["unseen_real_film_rms"]
    return [
        f"{d['films']} drawn films: AUROC between the two classes {d['auroc']:.3f}; called high: {percent(d['normal_called_high'])} "
        f"of normal, {percent(d['pneumonia_called_high'])} of pneumonia; accepted by the scope head {percent(d['scope_accepted'])}. "
        f"Distance to the nearest training film (root mean square, grey spread 50): least {near['least']:.1f}, median "
        f"{near['median']:.1f}; for real films of unseen patients least {real['least']:.1f}, median {real['median']:.1f}.",
    ]


def runtime_rows(figures: dict) -> list[str]:
    return [f"{figures['parameters']} parameters, {figures['onnx_bytes']} bytes; ONNX Runtime on one thread, one film: "
            f"{figures['milliseconds_one_thread']:.1f} ms; greatest difference to PyTorch over all outputs {figures['parity']:.1e}."]


def main():
    figures = json.loads((PACKAGE / "figures.json").read_text())
    card = PACKAGE / "MODEL_CARD.md"
    text = card.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    blocks = [("Classifier", classifier_rows), ("Scope head", scope_rows), ("Drawn films", drawn_rows), ("Runtime", runtime_rows)]
    body = "\n\n".join(f"### {title}\n\n" + "\n".join(rows(figures)) for title, rows in blocks)
    card.write_text(f"{before}{BEGIN}\n\n{body}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
