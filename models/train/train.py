"""Trains one classifier member. `python train.py --member 0` leaves out part 2 + member, besides validation and test."""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch.nn import functional as F

import augment
import data
import network


def part_left_out(member: int) -> int:
    """Each member leaves out one more part, on which its own figure is honest."""
    return 2 + member


def predict(model, pixels, batch=256):
    """Logits of a classifier for float32 pictures [n, S, S]; mirrored views are not averaged."""
    standardise = network.Standardise()
    model.eval()
    with torch.no_grad():
        pieces = [model(standardise(torch.from_numpy(pixels[i:i + batch, None])))[0] for i in range(0, len(pixels), batch)]
    return torch.cat(pieces).squeeze(1).numpy()


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


def train_member(films, pixels, member, epochs, batch=64, rate=2e-3, report=print):
    """Trains on every part but test, validation and the member's own; returns the averaged model."""
    torch.manual_seed(1000 + member)
    generator = torch.Generator().manual_seed(2000 + member)
    left_out = {data.TEST_PART, data.VALIDATION_PART, part_left_out(member)}
    chosen = np.flatnonzero(~np.isin(films.parts, list(left_out)))
    images = torch.from_numpy(pixels[chosen, None])
    labels = torch.from_numpy(films.labels[chosen]).float()
    positive = labels.mean().item()
    weight = torch.where(labels > 0.5, 0.5 / positive, 0.5 / (1 - positive))

    model = network.Classifier().to(memory_format=torch.channels_last)
    standardise = network.Standardise()
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.05)
    steps = epochs * (len(chosen) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.1)
    average = Average(model, 0.99)
    own = np.flatnonzero(films.parts == part_left_out(member))
    step, started = 0, time.time()
    for epoch in range(epochs):
        model.train()
        total = 0.0
        order = torch.randperm(len(chosen), generator=generator)
        for at in range(0, len(chosen) - batch + 1, batch):
            pick = order[at:at + batch]
            x = standardise(augment.for_classifier(images[pick], generator))
            logit = model(x.contiguous(memory_format=torch.channels_last))[0].squeeze(1)
            target = labels[pick] * 0.96 + 0.02
            loss = F.binary_cross_entropy_with_logits(logit, target, weight=weight[pick])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            step += 1
            average.update(model, step)
            total += loss.item()
        if epoch % 4 == 3 or epoch == epochs - 1:
            probe = network.Classifier()
            probe.load_state_dict(average.state)
            auroc = roc_auc_score(films.labels[own], predict(probe, pixels[own]))
            report(f"member {member} epoch {epoch + 1}/{epochs} loss {total / (steps // epochs):.4f} "
                   f"AUROC of its own part {auroc:.4f} {time.time() - started:.0f} s", flush=True)
        elif epoch == 0:
            report(f"member {member} epoch 1 loss {total / (steps // epochs):.4f} {time.time() - started:.0f} s", flush=True)
    model.load_state_dict(average.state)
    return model.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--work", type=Path, required=True, help="folder for caches and checkpoints, outside the repository")
    parser.add_argument("--member", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    films = data.load_kermany(args.shared, args.work / "cache")
    pixels = data.resize_all(films.pixels)
    model = train_member(films, pixels, args.member, args.epochs)
    torch.save(model.state_dict(), args.work / f"member{args.member}.pt")


if __name__ == "__main__":
    main()
