"""Trains one classifier. `python train.py --split random --fold 0` leaves out fold 0 of that split, and the test part.

Splits: `random` is the one of the package's members; the others are only for measuring what a shift between training and
use costs (`folds.py`)."""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch.nn import functional as F

import augment
import data
import folds
import network

EPOCHS = 6
BATCH = 64
RATE = 1e-3
SMOOTHING = 0.02


class Average:
    """Exponential moving average of weights and batch statistics."""

    def __init__(self, model, decay):
        self.decay = decay
        self.state = {name: value.clone() for name, value in model.state_dict().items()}

    def update(self, model, step):
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in model.state_dict().items():
            if value.dtype.is_floating_point:
                self.state[name].lerp_(value, 1 - decay)
            else:
                self.state[name].copy_(value)


def trunk_output(trunk, pixels):
    """The shared, frozen part for float32 pictures [n, S, S] (values 0 to 255)."""
    with torch.no_grad():
        image = torch.from_numpy(np.ascontiguousarray(pixels))[:, None]
        return trunk(network.Standardise()(image).contiguous(memory_format=torch.channels_last))


def predict(trunk, model, pixels, batch=128):
    """Logits of a classifier for float32 pictures [n, S, S]."""
    model.eval()
    with torch.no_grad():
        pieces = [model(trunk_output(trunk, pixels[i:i + batch]))[0] for i in range(0, len(pixels), batch)]
    return torch.cat(pieces).squeeze(1).numpy()


def class_weights(labels):
    """Both classes weigh the same, so that a logit of 0 is the balanced point."""
    positive = labels.mean().item()
    return torch.where(labels > 0.5, 0.5 / positive, 0.5 / (1 - positive))


def train(trunk, weights, pixels, labels, seed, epochs, report):
    """Trains on float32 pictures [n, S, S] with labels 0 and 1; returns the averaged model."""
    torch.manual_seed(1000 + seed)
    generator = torch.Generator().manual_seed(2000 + seed)
    labels = torch.from_numpy(labels).float()
    weight = class_weights(labels)
    model = network.Classifier(weights).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.05)
    steps = epochs * (len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.1)
    average, step, started = Average(model, 0.99), 0, time.time()
    for epoch in range(epochs):
        model.train()
        total = 0.0
        order = torch.randperm(len(labels), generator=generator)
        for at in range(0, len(labels) - BATCH + 1, BATCH):
            pick = order[at:at + BATCH].sort().values
            films = augment.for_classifier(torch.from_numpy(pixels[pick.numpy()])[:, None], generator)
            logit = model(trunk_output(trunk, films.squeeze(1).numpy()))[0].squeeze(1)
            target = labels[pick] * (1 - 2 * SMOOTHING) + SMOOTHING
            loss = F.binary_cross_entropy_with_logits(logit, target, weight=weight[pick])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            step += 1
            average.update(model, step)
            total += loss.item()
        report(f"epoch {epoch + 1}/{epochs} loss {total * BATCH / len(labels):.4f} {time.time() - started:.0f} s")
    model.load_state_dict(average.state)
    return model.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--work", type=Path, required=True, help="folder for caches and checkpoints, outside the repository")
    parser.add_argument("--split", choices=list(folds.SPLITS), default="random")
    parser.add_argument("--fold", type=int, default=0)
    parser.add_argument("--local", type=Path, help="folder of `medical-portal model export-training-set`: trained on as well")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    films = data.load_kermany(args.shared, args.work / "cache")
    pixels = data.load_resized(films, args.work / "cache")
    left_out = folds.SPLITS[args.split](films) == args.fold
    chosen = ~left_out if args.split != "random" else ~left_out & (films.parts != data.TEST_PART)
    name = f"{args.split}{args.fold}"
    training, labels = pixels[chosen], films.labels[chosen]
    if args.local:
        own, own_labels = data.load_local(args.local)
        training, labels = np.concatenate([training, own]), np.concatenate([labels, own_labels])
    weights = network.pretrained_weights()
    trunk = network.Trunk(weights)
    model = train(trunk, weights, training, labels, args.fold, args.epochs,
                  lambda line: print(f"{name} {line}", flush=True))
    seen = np.zeros(len(films.files), bool)
    seen[chosen] = True
    logits = predict(trunk, model, pixels[~seen])
    np.savez(args.work / f"logits_{name}.npz", rows=np.flatnonzero(~seen), logits=logits, left_out=left_out[~seen])
    torch.save(model.state_dict(), args.work / f"{name}.pt")
    own = left_out[~seen]
    print(f"{name}: AUROC of the {own.sum()} films left out {roc_auc_score(films.labels[~seen][own], logits[own]):.4f}", flush=True)


if __name__ == "__main__":
    main()
