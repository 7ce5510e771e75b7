"""Trains the scope head and measures it on films, adults, spoiled films, drawings and other modalities unseen so far."""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import augment
import data
import network
import outsiders
from train import Average

# Picked on the validation films alone: the largest multiple of 0.1 that refuses none of them that 0.5 would not.
GATE_MINIMUM = 0.8


def coarse(pixels, random):
    """Films as the adult examples exist: 64 px, JPEG. Otherwise traces of that compression could stand in for age."""
    small = []
    for picture in pixels:
        picture = data.resize(picture, 64, 64)
        kept = random.random() < 0.5
        small.append(outsiders.as_jpeg(picture, int(random.integers(80, 97))) if kept else outsiders.soften(picture, random))
    return data.resize_all(small)


def outsider_pool(films, adults, pictures, random):
    """The negatives of one stretch of training, adults weighing most (they are the nearest)."""
    spoiled, _ = outsiders.spoil(films, 2400, random)
    drawn, _ = outsiders.draw(data.SIZE, 1100, random)
    return np.concatenate([
        spoiled, drawn,
        outsiders.vary(adults, 1000, random, upright=True),
        outsiders.vary([outsiders.soften(adult, random) for adult in adults], 800, random, upright=True),
        outsiders.vary(pictures, 900, random),
    ])


def train_scope(films, adults, pictures, steps, batch=128, rate=2e-3, seed=77):
    """Returns the trained scope network. `films` [n, S, S] are in scope; adults and pictures are not."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)
    both = torch.from_numpy(np.concatenate([films, coarse(films, random)])[:, None])
    model, standardise = network.Scope(), network.Standardise()
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.1)
    average, started, losses = Average(model, 0.995), time.time(), []
    for step in range(steps):
        if step % 300 == 0:
            pool = torch.from_numpy(outsider_pool(films, adults, pictures, random)[:, None])
        inside = augment.for_scope(both[torch.randint(len(both), (batch // 2,), generator=generator)], generator)
        outside = pool[torch.randint(len(pool), (batch // 2,), generator=generator)]
        outside = torch.cat([augment.for_scope(outside[:32], generator), outside[32:]])
        x = augment.acquisition(torch.cat([inside, outside]), generator)
        target = torch.cat([torch.ones(len(inside), 1), torch.zeros(len(outside), 1)]) * 0.98 + 0.01
        loss = F.binary_cross_entropy_with_logits(model(standardise(x)), target)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        average.update(model, step)
        losses.append(loss.item())
        if step % 200 == 199:
            print(f"scope step {step + 1}/{steps} loss {np.mean(losses[-200:]):.4f} {time.time() - started:.0f} s", flush=True)
    model.load_state_dict(average.state)
    return model.eval()


def acceptance(model, pixels, minimum=GATE_MINIMUM):
    """Share of pictures whose scope reaches `minimum`."""
    return float((scope_values(model, pixels) >= minimum).mean()) if len(pixels) else float("nan")


def scope_values(model, pixels):
    standardise = network.Standardise()
    with torch.no_grad():
        pieces = [torch.sigmoid(model(standardise(torch.from_numpy(np.ascontiguousarray(pixels[i:i + 256, None])))))
                  for i in range(0, len(pixels), 256)]
    return torch.cat(pieces).squeeze(1).numpy()


def natural_photographs():
    """Two photographs shipped with scikit-learn, cut into pieces; never trained on."""
    from sklearn.datasets import load_sample_images

    random = np.random.default_rng(5)
    greys = [image.mean(axis=2) for image in load_sample_images().images]
    return outsiders.vary(greys, 60, random, upright=True)


def measure(model, films, pixels, held, nih, pictures_held_out, minimum=GATE_MINIMUM):
    """Acceptance by group, for patients and files never trained on."""
    random = np.random.default_rng(4242)
    report = {}
    own = pixels[held]
    report["kermany films accepted"] = (acceptance(model, own, minimum), len(own))
    for label, name in ((0, "normal"), (1, "pneumonia")):
        chosen = held & (films.labels == label)
        report[f"kermany {name} films accepted"] = (acceptance(model, pixels[chosen], minimum), int(chosen.sum()))
    report["kermany films at 64 px accepted"] = (acceptance(model, coarse(own, random), minimum), len(own))
    report["kermany films mirrored accepted"] = (acceptance(model, own[:, :, ::-1], minimum), len(own))
    adults = nih.pixels[np.isin(nih.parts, data.ADULT_TEST_PARTS)]
    report["adult films accepted"] = (acceptance(model, data.resize_all(adults), minimum), len(adults))
    softened = np.stack([data.resize(outsiders.soften(adult, random), data.SIZE, data.SIZE) for adult in adults])
    report["adult films, softened, accepted"] = (acceptance(model, softened, minimum), len(adults))
    report["inverted films accepted"] = (acceptance(model, 255 - own, minimum), len(own))
    for turns, name in ((1, "90"), (2, "180"), (3, "270")):
        report[f"films turned {name} accepted"] = (acceptance(model, np.rot90(own, turns, (1, 2)), minimum), len(own))
    spoiled, names = outsiders.spoil(own, 1600, random)
    drawn, kinds = outsiders.draw(data.SIZE, 1650, random)
    for name in sorted(set(names)):
        report[f"spoiled: {name} accepted"] = (acceptance(model, spoiled[names == name], minimum), int((names == name).sum()))
    for name in sorted(set(kinds)):
        report[f"drawn: {name} accepted"] = (acceptance(model, drawn[kinds == name], minimum), int((kinds == name).sum()))
    report["drawn pictures accepted"] = (acceptance(model, drawn, minimum), len(drawn))
    report["other DICOM pictures accepted"] = (acceptance(model, data.resize_all(pictures_held_out), minimum), len(pictures_held_out))
    photos = natural_photographs()
    report["photographs accepted"] = (acceptance(model, photos, minimum), len(photos))
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--measure-only", action="store_true", help="measure the stored weights again")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    films = data.load_kermany(args.shared, args.work / "cache")
    nih = data.load_nih(args.shared, args.work / "cache")
    training, held_out, names = data.load_dicom_pictures(args.shared)
    pixels = data.load_resized(films, args.work / "cache")
    held = films.parts == data.TEST_PART
    if args.measure_only:
        model = network.Scope()
        model.load_state_dict(torch.load(args.work / "scope.pt"))
        model.eval()
    else:
        adults = nih.pixels[~np.isin(nih.parts, data.ADULT_TEST_PARTS)]
        model = train_scope(pixels[~held], adults, training, args.steps)
        torch.save(model.state_dict(), args.work / "scope.pt")
    report = measure(model, films, pixels, held, nih, held_out)
    for group, (share, count) in report.items():
        print(f"{group}: {share:.4f} of {count}")
    values = scope_values(model, data.resize_all(held_out))
    print("held-out DICOM pictures accepted:", [file for file, value in zip(names, values) if value >= GATE_MINIMUM])
    adults = data.resize_all(nih.pixels[np.isin(nih.parts, data.ADULT_TEST_PARTS)])
    for minimum in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        print(f"minimum {minimum}: films accepted {acceptance(model, pixels[held], minimum):.4f}, "
              f"adults accepted {acceptance(model, adults, minimum):.4f}")
    (args.work / "scope.json").write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
