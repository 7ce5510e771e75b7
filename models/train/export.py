"""Builds the package: model.onnx, model.toml, golden.json, resize_golden.json and figures.json (read by the card)."""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from sklearn.metrics import roc_auc_score

import calibrate
import data
import films as film_model
import golden
import network
from scope import GATE_MINIMUM
from train import part_left_out, predict

OUTPUTS = ["logit", "scope", "cam", "features"]
VERSION = "1.0.0"


def load_package(work: Path, members: list[int]) -> network.Package:
    classifiers = []
    for member in members:
        classifier = network.Classifier()
        classifier.load_state_dict(torch.load(work / f"member{member}.pt"))
        classifiers.append(classifier)
    scope = network.Scope()
    scope.load_state_dict(torch.load(work / "scope.pt"))
    return network.Package(classifiers, scope).eval()


def export(package, path: Path) -> None:
    torch.onnx.export(
        package, (torch.zeros(2, 1, data.SIZE, data.SIZE),), str(path), dynamo=False, opset_version=17,
        input_names=["image"], output_names=OUTPUTS,
        dynamic_axes={name: {0: "batch"} for name in ["image", *OUTPUTS]},
    )
    onnx.checker.check_model(onnx.load(str(path)))


def open_session(path: Path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(session, pixels, batch=64):
    """All outputs for float32 pictures [n, S, S]."""
    pieces = [session.run(OUTPUTS, {"image": np.ascontiguousarray(pixels[i:i + batch, None])})
              for i in range(0, len(pixels), batch)]
    return [np.concatenate([piece[k] for piece in pieces]) for k in range(len(OUTPUTS))]


def parity(package, session, pixels) -> float:
    """Greatest difference between PyTorch and ONNX Runtime over all outputs."""
    with torch.no_grad():
        torch_outputs = [output.numpy() for output in package(torch.from_numpy(pixels[:, None]))]
    return max(float(np.abs(a - b).max()) for a, b in zip(torch_outputs, run(session, pixels)))


def latency(session, pixels, rounds=200) -> float:
    """Median milliseconds for one picture on one thread."""
    times = []
    for index in range(rounds):
        started = time.perf_counter()
        session.run(OUTPUTS, {"image": pixels[index % len(pixels)][None, None]})
        times.append(time.perf_counter() - started)
    return float(np.median(times) * 1000)


def judge(logits, films, slope, intercept, medium, high) -> dict:
    """Figures of the test part: at both thresholds, interval, and by kind of pneumonia."""
    chosen = films.parts == data.TEST_PART
    labels, patients = films.labels[chosen], films.patients[chosen]
    p = calibrate.probability(logits[chosen], slope, intercept)
    kinds = np.array(["bacteria" if "bacteria" in f else "virus" if "virus" in f else "normal" for f in np.array(films.files)[chosen]])
    return {
        "patients": len(set(patients)),
        "auroc_interval": calibrate.auroc_interval(p, labels, patients),
        "at_high": calibrate.figures(p, labels, high),
        "at_medium": calibrate.figures(p, labels, medium),
        "at_half": calibrate.figures(p, labels, 0.5),
        "sensitivity_by_kind_at_high": {k: [float((p[kinds == k] >= high).mean()), int((kinds == k).sum())] for k in ("bacteria", "virus")},
    }


def member_figures(package, films, pixels, members) -> list[dict]:
    """AUROC of each member on the part it left out and on the test part."""
    rows = []
    for member, model in zip(members, package.members):
        row = {"member": member}
        for name, part in (("own part", part_left_out(member)), ("test part", data.TEST_PART)):
            chosen = films.parts == part
            row[name] = float(roc_auc_score(films.labels[chosen], predict(model, pixels[chosen])))
        rows.append(row)
    return rows


def drawn_figures(session, films, pixels, assets: Path, slope, intercept, high) -> dict:
    """How the package sees the drawn films of films.bin."""
    model = film_model.read(assets / "films.bin")
    random = np.random.default_rng(31)
    labels = np.arange(600) % 2
    drawn = np.stack([film_model.draw(model, int(label), random) for label in labels]).astype(np.float32)
    logits, scope, _, _ = run(session, drawn)
    p = calibrate.probability(logits[:, 0], slope, intercept)
    training = pixels[films.parts > data.VALIDATION_PART]
    return {
        "films": len(drawn),
        "auroc": float(roc_auc_score(labels, p)),
        "scope_accepted": float((scope >= GATE_MINIMUM).mean()),
        "normal_called_high": float((p[labels == 0] >= high).mean()),
        "pneumonia_called_high": float((p[labels == 1] >= high).mean()),
        "nearest_training_film_rms": distances(film_model.nearest(drawn, training)),
        "unseen_real_film_rms": distances(film_model.nearest(pixels[films.parts <= data.VALIDATION_PART], training)),
    }


def distances(values) -> dict:
    return {"least": float(values.min()), "median": float(np.median(values))}


def write_toml(path: Path, values: dict) -> None:
    template = (Path(__file__).parent / "model.toml.in").read_text(encoding="utf-8")
    path.write_text(template.format(**values), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--members", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--package", type=Path, default=Path(__file__).parents[1] / "chest-paediatric")
    parser.add_argument("--assets", type=Path, default=Path(__file__).parents[2] / "crates" / "demo" / "assets")
    args = parser.parse_args()
    torch.set_num_threads(2)
    films = data.load_kermany(args.shared, args.work / "cache")
    pixels = data.resize_all(films.pixels)
    package = load_package(args.work, args.members)
    args.package.mkdir(parents=True, exist_ok=True)
    export(package, args.package / "model.onnx")
    session = open_session(args.package / "model.onnx")

    held = films.parts <= data.VALIDATION_PART
    logits = np.full(len(pixels), np.nan, np.float32)
    logits[held] = run(session, pixels[held])[0][:, 0]
    validation = films.parts == data.VALIDATION_PART
    slope, intercept = calibrate.platt(logits[validation], films.labels[validation])
    p = calibrate.probability(logits[validation], slope, intercept)
    high = calibrate.threshold_for(p, films.labels[validation], calibrate.HIGH_SENSITIVITY)
    medium = calibrate.threshold_for(p, films.labels[validation], calibrate.MEDIUM_SENSITIVITY)

    used = films.parts > data.VALIDATION_PART
    result = {
        "members": member_figures(package, films, pixels, args.members),
        "validation": calibrate.figures(p, films.labels[validation], high),
        "test": judge(logits, films, slope, intercept, medium, high),
        "drawn": drawn_figures(session, films, pixels, args.assets, slope, intercept, high),
        "parity": parity(package, session, pixels[held][:64]),
        "milliseconds_one_thread": latency(session, pixels[held]),
        "parameters": sum(p.numel() for p in package.parameters()),
        "onnx_bytes": (args.package / "model.onnx").stat().st_size,
        "training_images": int(used.sum()), "training_patients": len(set(films.patients[used])),
        "scope": json.loads((args.work / "scope.json").read_text()),
        "slope": slope, "intercept": intercept, "medium": medium, "high": high,
    }
    (args.package / "figures.json").write_text(json.dumps(result, indent=1) + "\n")
    (args.package / "golden.json").write_text(json.dumps(golden.cases(session, data.SIZE), indent=1) + "\n")
    (args.package / "resize_golden.json").write_text(json.dumps(golden.resize_cases(), indent=1) + "\n")
    test = {f"test_{k}": round(v, 4) for k, v in result["test"]["at_high"].items()}
    write_toml(args.package / "model.toml", {
        "version": VERSION, "members": len(args.members), "parameters": f"{result['parameters'] / 1e6:.2f} million",
        "torch": torch.__version__.split("+")[0], "images": result["training_images"], "patients": result["training_patients"],
        "size": data.SIZE, "slope": round(slope, 5), "intercept": round(intercept, 5), "medium": medium, "high": high,
        "gate": GATE_MINIMUM, "test_patients": result["test"]["patients"], **test,
    })
    print(json.dumps({k: v for k, v in result.items() if k != "scope"}, indent=1))


if __name__ == "__main__":
    main()
