"""Teaches a second head of a trained classifier where an opacity is. `python pointing.py --fold 0`, after `train.py`.

The collection says which films show pneumonia, not where, and a network trained on that alone hardly answers to a single
opacity: planted into a normal film, one raised the logit by 0.13 on average, and its map's peak lay inside it in less than
1 %. So soft opacities are planted into the normal films of the training part, at places inside the lung fields, and a second
head (a 3 x 3 top and its map) is fitted on the same blocks: to the films' labels, planted films counting as positive, and
cell by cell to where the plant is. The package takes its map from there, and the probability from the first head: the second
one's ranks the films of a naming scheme that was left out worse (AUROC 0.977 against 0.985, split `schemes`, fold 1).
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch.nn import functional as F

import data
import folds
import network
import train

EPOCHS = 14
RATE = 2e-3
PLANTED_WEIGHT = 0.5  # of a planted film, against a normal one
CELL_WEIGHT = 8.0  # of a cell inside a plant: there are few
SMALLEST, LARGEST = 0.09, 0.18  # radius of a plant, as a share of the film's side


@dataclass
class Plants:
    """Normal films with one opacity each: pictures [n, S, S], and (x, y, radius) of each plant in shares of the side."""

    pixels: np.ndarray
    places: np.ndarray


def lung_fields(normal: np.ndarray) -> np.ndarray:
    """Where plants may be, [S, S]: dark on the mean of normal films, away from the borders and the middle."""
    size = normal.shape[1]
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / size
    inside = (x > 0.12) & (x < 0.88) & (y > 0.2) & (y < 0.78) & ((x < 0.42) | (x > 0.58))
    return inside & (normal.mean(axis=0) < 112)


def plant(normal: np.ndarray, fields: np.ndarray, random) -> Plants:
    """One soft, round opacity in each film: it brightens towards a grey of 170 to 205, most in its middle."""
    size = normal.shape[1]
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / size
    rows, columns = np.nonzero(fields)
    pixels, places = [], []
    for film in normal:
        pick = random.integers(len(rows))
        centre_x, centre_y = (columns[pick] + 0.5) / size, (rows[pick] + 0.5) / size
        radius, strength = random.uniform(SMALLEST, LARGEST), random.uniform(0.5, 1.0)
        near = np.clip(1 - np.hypot(x - centre_x, y - centre_y) / radius, 0, 1)
        weight = strength * (near * near * (3 - 2 * near)) ** 0.6
        pixels.append(film + weight * np.clip(random.uniform(170, 205) - film, 0, None))
        places.append((centre_x, centre_y, radius))
    return Plants(np.stack(pixels).astype(np.float32), np.array(places))


def cells(places: np.ndarray, side: int) -> torch.Tensor:
    """Which cells of the map are inside each plant, [n, side, side]; the nearest one where none is."""
    centres = (np.arange(side) + 0.5) / side
    y, x = np.meshgrid(centres, centres, indexing="ij")
    maps = []
    for centre_x, centre_y, radius in places:
        distance = np.hypot(x - centre_x, y - centre_y)
        inside = distance <= radius * 0.9
        maps.append(inside if inside.any() else distance == distance.min())
    return torch.from_numpy(np.stack(maps).astype(np.float32))


def peak_inside(cams: np.ndarray, places: np.ndarray) -> np.ndarray:
    """For maps [n, side, side]: is the middle of the strongest cell inside the plant?"""
    side = cams.shape[1]
    peak = cams.reshape(len(cams), -1).argmax(axis=1)
    x, y = (peak % side + 0.5) / side, (peak // side + 0.5) / side
    return np.hypot(x - places[:, 0], y - places[:, 1]) <= places[:, 2]


def below_top(trunk, model, pixels, batch=64) -> torch.Tensor:
    """What the top sees, for float32 pictures [n, S, S]."""
    pieces = []
    with torch.no_grad():
        for at in range(0, len(pixels), batch):
            pieces.append(model.below_top(train.trunk_output(trunk, pixels[at:at + batch])).contiguous())
    return torch.cat(pieces)


def widened(model) -> network.Classifier:
    """The classifier with a 3 x 3 top that begins as the 1 x 1 one it has."""
    wide = network.Classifier(kernel=3)
    state = model.state_dict()
    kernel = torch.randn_like(wide.top[0][0].weight) * 0.005
    kernel[:, :, 1, 1] += state["top.0.0.weight"][:, :, 0, 0]
    state["top.0.0.weight"] = kernel
    wide.load_state_dict(state)
    return wide.eval()


def fit(model, films, labels, planted, places, epochs=EPOCHS, batch=64) -> None:
    """Fits top, head and bias on what they see of films and of planted films."""
    x = torch.cat([films, planted])
    wanted = torch.cat([torch.from_numpy(labels).float(), torch.ones(len(planted))])
    where = torch.zeros(len(x), *films.shape[2:])
    where[len(films):] = cells(places, films.shape[2])
    # Of a pneumonia nobody knows where it is.
    is_known = (torch.arange(len(x)) >= len(films)) | (wanted == 0)
    weight = train.class_weights(wanted[:len(films)])
    weight = torch.cat([weight, weight[wanted[:len(films)] == 0][:1].expand(len(planted)) * PLANTED_WEIGHT])
    parameters = [*model.top.parameters(), *model.head.parameters(), model.bias]
    optimiser = torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.02)
    steps = epochs * -(-len(x) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    emphasis = torch.tensor(CELL_WEIGHT)
    model.top.train()
    model.dropout.train()
    for _ in range(epochs):
        for pick in torch.randperm(len(x)).split(batch):
            logit, cam, _ = model.read(x[pick])
            target = wanted[pick] * (1 - 2 * train.SMOOTHING) + train.SMOOTHING
            loss = F.binary_cross_entropy_with_logits(logit.squeeze(1), target, weight=weight[pick])
            known = is_known[pick]
            if known.any():
                loss = loss + F.binary_cross_entropy_with_logits(
                    cam.squeeze(1)[known], where[pick][known], pos_weight=emphasis)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
    model.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--split", choices=list(folds.SPLITS), default="random")
    parser.add_argument("--fold", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(4000 + args.fold)
    random = np.random.default_rng(5000 + args.fold)
    films = data.load_kermany(args.shared, args.work / "cache")
    pixels = data.load_resized(films, args.work / "cache")
    kept = np.load(args.work / f"logits_{args.split}{args.fold}.npz")
    unseen = kept["rows"]
    seen = np.setdiff1d(np.arange(len(films.files)), unseen)
    trunk = network.Trunk(network.pretrained_weights())
    model = network.Classifier()
    model.load_state_dict(torch.load(args.work / f"{args.split}{args.fold}.pt"))
    model = widened(model.eval())
    normal = pixels[seen[films.labels[seen] == 0]]
    fields = lung_fields(normal)
    plants = plant(normal, fields, random)
    fit(model, below_top(trunk, model, pixels[seen]), films.labels[seen],
        below_top(trunk, model, plants.pixels), plants.places)
    with torch.no_grad():
        logits = model.read(below_top(trunk, model, pixels[unseen]))[0].squeeze(1).numpy()
        own = kept["left_out"]
        others = plant(pixels[unseen[own & (films.labels[unseen] == 0)]], fields, random)
        cams = model.read(below_top(trunk, model, others.pixels))[1].squeeze(1).numpy()
    name = f"pointed_{args.split}{args.fold}"
    torch.save(model.state_dict(), args.work / f"{name}.pt")
    print(f"{name}: AUROC of the {own.sum()} films left out {roc_auc_score(films.labels[unseen][own], logits[own]):.4f}; "
          f"peak inside {peak_inside(cams, others.places).mean():.3f} of {len(cams)} plants", flush=True)


if __name__ == "__main__":
    main()
