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
import cross
import data
import films as film_model
import golden
import limits
import network
import pointing
from scope import GATE_MINIMUM

OUTPUTS = ["logit", "scope", "cam", "features"]
VERSION = "1.1.0"
MEMBERS = (0, 1, 2)  # folds whose networks go into the package: all five would make it larger than 10 MB


def load_package(work: Path) -> network.Package:
    """The members, the trunk that they share, the heads that draw the map, and the scope network."""
    members, pointers = [], []
    for fold in MEMBERS:
        member = network.Classifier()
        member.load_state_dict(torch.load(work / f"random{fold}.pt"))
        members.append(member)
        pointed = network.Classifier(kernel=3)
        pointed.load_state_dict(torch.load(work / f"pointed_random{fold}.pt"))
        pointers.append(network.Pointer(pointed))
    scope = network.Scope()
    scope.load_state_dict(torch.load(work / "scope.pt"))
    trunk = network.Trunk(network.pretrained_weights())
    return network.Package(trunk, members, pointers, scope, map_cells=(data.SIZE // 16) ** 2).eval()


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


def judge(logits, films, chosen: dict) -> dict:
    """Figures of the whole package on the test part: at both thresholds, interval, and by kind of pneumonia."""
    rows = films.parts == data.TEST_PART
    labels, patients, files = films.labels[rows], films.patients[rows], np.array(films.files)[rows]
    p = calibrate.probability(logits, chosen["slope"], chosen["intercept"])
    sensitivity = {}
    for kind in ("bacteria", "virus"):
        of_kind = np.array([kind in file for file in files])
        sensitivity[kind] = [float((p[of_kind] >= chosen["medium"]).mean()), int(of_kind.sum())]
    return {
        "patients": len(set(patients)),
        "auroc_interval": calibrate.auroc_interval(p, labels, patients),
        "at_high": calibrate.figures(p, labels, chosen["high"]),
        "at_medium": calibrate.figures(p, labels, chosen["medium"]),
        "sensitivity_by_kind_at_medium": sensitivity,
    }


def planted_figures(session, films, pixels, chosen: dict) -> dict:
    """Opacities planted into the test part's normal films that were low: how often the map's peak is inside, of all and of
    those that are flagged with it."""
    normal = films.labels == 0
    held = films.parts == data.TEST_PART
    fields = pointing.lung_fields(pixels[normal & ~held])
    random = np.random.default_rng(41)
    probability = lambda logits: calibrate.probability(logits[:, 0], chosen["slope"], chosen["intercept"])
    unseen = pixels[normal & held]
    low = unseen[probability(run(session, unseen)[0]) < chosen["medium"]]
    plants = pointing.plant(np.repeat(low, 5, axis=0), fields, random)
    logits, _, cams, _ = run(session, plants.pixels)
    inside = pointing.peak_inside(cams[:, 0], plants.places)
    flagged = probability(logits) >= chosen["medium"]
    return {
        "films": len(low), "planted": len(inside), "inside": float(inside.mean()),
        "flagged": int(flagged.sum()), "inside_of_flagged": float(inside[flagged].mean()) if flagged.any() else None,
    }


def drawn_figures(session, films, pixels, assets: Path, chosen: dict) -> dict:
    """How the package sees the drawn films of films.bin."""
    model = film_model.read(assets / "films.bin")
    random = np.random.default_rng(31)
    labels = np.arange(600) % 2
    drawn = np.stack([film_model.draw(model, int(label), random) for label in labels]).astype(np.float32)
    logits, scope, _, _ = run(session, drawn)
    p = calibrate.probability(logits[:, 0], chosen["slope"], chosen["intercept"])
    held = films.parts < film_model.FIRST_FITTED_PART
    training = pixels[~held]
    return {
        "films": len(drawn),
        "auroc": float(roc_auc_score(labels, p)),
        "scope_accepted": float((scope >= GATE_MINIMUM).mean()),
        "normal_called_high": float((p[labels == 0] >= chosen["high"]).mean()),
        "pneumonia_called_high": float((p[labels == 1] >= chosen["high"]).mean()),
        "nearest_training_film_rms": distances(film_model.nearest(drawn, training)),
        "unseen_real_film_rms": distances(film_model.nearest(pixels[held], training)),
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
    parser.add_argument("--package", type=Path, default=Path(__file__).parents[1] / "chest-paediatric")
    parser.add_argument("--assets", type=Path, default=Path(__file__).parents[2] / "crates" / "demo" / "assets")
    args = parser.parse_args()
    torch.set_num_threads(2)
    films = data.load_kermany(args.shared, args.work / "cache")
    pixels = data.load_resized(films, args.work / "cache")
    measured = cross.measure(films, args.work)
    chosen = measured["chosen"] = {
        name: round(value, 5) if name in ("slope", "intercept") else value for name, value in measured["chosen"].items()}
    package = load_package(args.work)
    args.package.mkdir(parents=True, exist_ok=True)
    export(package, args.package / "model.onnx")
    session = open_session(args.package / "model.onnx")

    held = films.parts == data.TEST_PART
    test_pixels = np.ascontiguousarray(pixels[held])
    logits = run(session, test_pixels)[0][:, 0]
    result = {
        "cross_validation": measured,
        "test": judge(logits, films, chosen),
        "changes": limits.under_changes(lambda pictures: run(session, pictures), films, chosen, GATE_MINIMUM),
        "adults": limits.adults(lambda pictures: run(session, pictures), args.shared, data.load_nih(args.shared, args.work / "cache"), chosen),
        "planted": planted_figures(session, films, pixels, chosen),
        "drawn": drawn_figures(session, films, pixels, args.assets, chosen),
        "parity": parity(package, session, test_pixels[:64]),
        "milliseconds_one_thread": latency(session, test_pixels),
        "parameters": sum(p.numel() for p in package.parameters()),
        "onnx_bytes": (args.package / "model.onnx").stat().st_size,
        "training_images": int((~held).sum()), "training_patients": len(set(films.patients[~held])),
        "scope": json.loads((args.work / "scope.json").read_text()),
    }
    (args.package / "figures.json").write_text(json.dumps(result, indent=1) + "\n")
    (args.package / "golden.json").write_text(json.dumps(golden.cases(session, data.SIZE), indent=1) + "\n")
    (args.package / "resize_golden.json").write_text(json.dumps(golden.resize_cases(), indent=1) + "\n")
    test = {f"test_{k}": round(v, 4) for k, v in result["test"]["at_medium"].items()}
    write_toml(args.package / "model.toml", {
        "version": VERSION, "members": len(package.members), "parameters": f"{result['parameters'] / 1e6:.2f} million",
        "torch": torch.__version__.split("+")[0], "images": result["training_images"], "patients": result["training_patients"],
        "size": data.SIZE, "gate": GATE_MINIMUM, "test_patients": result["test"]["patients"], **chosen, **test,
    })
    print(json.dumps({k: v for k, v in result.items() if not k.startswith("scope")}, indent=1))


if __name__ == "__main__":
    main()
