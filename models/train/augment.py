"""Batch augmentation in torch: affine, mirror, gamma, blur or sharpen, noise, erasing. Values are grey levels 0..255."""

import math

import torch
from torch.nn import functional as F


def uniform(generator, n, low, high):
    return torch.rand(n, generator=generator) * (high - low) + low


def affine(x, generator, degrees, sx, sy, shift, shear, mirror, padding):
    """Random rotation, shear and shift of each picture, zoomed by sx and sy."""
    n = x.shape[0]
    angle = uniform(generator, n, -degrees, degrees) * math.pi / 180
    skew = uniform(generator, n, -shear, shear)
    sign = torch.where(torch.rand(n, generator=generator) < 0.5, -1.0, 1.0) if mirror else torch.ones(n)
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = sign * cos / sx, (skew - sin) / sx
    theta[:, 1, 0], theta[:, 1, 1] = sign * sin / sy, cos / sy
    theta[:, 0, 2] = uniform(generator, n, -shift, shift) * 2
    theta[:, 1, 2] = uniform(generator, n, -shift, shift) * 2
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, mode="bilinear", padding_mode=padding, align_corners=False)


def tone(x, generator, gamma=0.35, gain=0.2):
    """Random gamma and window of each picture."""
    n = x.shape[0]
    power = torch.exp(uniform(generator, n, -gamma, gamma)).view(n, 1, 1, 1)
    scale = (1 + uniform(generator, n, -gain, gain)).view(n, 1, 1, 1)
    offset = uniform(generator, n, -20, 20).view(n, 1, 1, 1)
    return ((x.clamp(0, 255) / 255) ** power * 255 * scale + offset).clamp(0, 255)


def blur(x, generator, low=-0.4, high=1.0, sigma=1.0):
    """Mixes each picture with its Gaussian blur; a negative share sharpens."""
    radius = max(1, math.ceil(2 * sigma))
    line = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma) ** 2)
    line = line / line.sum()
    padded = F.pad(x, [radius] * 4, mode="replicate")
    soft = F.conv2d(F.conv2d(padded, line.view(1, 1, 1, -1)), line.view(1, 1, -1, 1))
    share = uniform(generator, x.shape[0], low, high).view(-1, 1, 1, 1)
    return x + share * (soft - x)


def noise(x, generator, most=10.0):
    level = uniform(generator, x.shape[0], 0, most).view(-1, 1, 1, 1)
    return x + level * torch.randn(x.shape, generator=generator)


def erase(x, generator, probability=0.5, largest=0.35):
    """Covers one rectangle of a picture with a constant grey."""
    n, _, height, width = x.shape
    draws = torch.rand(n, 6, generator=generator).tolist()
    x = x.clone()
    for index, (chance, a, b, c, d, grey) in enumerate(draws):
        if chance < probability:
            h, w = int(height * (0.08 + a * (largest - 0.08))), int(width * (0.08 + b * (largest - 0.08)))
            top, left = int(c * (height - h)), int(d * (width - w))
            x[index, :, top:top + h, left:left + w] = grey * 255
    return x


def framing(x, generator, degrees, zoom, aspect, shift, shear=0.0, mirror=False):
    """Rotation, zoom, change of aspect (both as logarithms), shear and shift of each picture, as films differ by how
    they are collimated and squashed."""
    n = x.shape[0]
    padding = "zeros" if torch.rand(1, generator=generator).item() < 0.5 else "border"
    both = uniform(generator, n, -zoom, zoom)
    sx = torch.exp(both + uniform(generator, n, -aspect, aspect))
    sy = torch.exp(both + uniform(generator, n, -aspect, aspect))
    return affine(x, generator, degrees, sx, sy, shift, shear, mirror, padding)


def shading(x, generator, most):
    """Adds a smooth random field, as uneven exposure does."""
    n = x.shape[0]
    field = F.interpolate(torch.randn(n, 1, 4, 4, generator=generator), x.shape[2:], mode="bicubic", align_corners=False)
    return (x + field * uniform(generator, n, 0, most).view(-1, 1, 1, 1)).clamp(0, 255)


def for_classifier(x, generator):
    """The classifier's augmentation. Framing varies widely, because it tells the classes apart in this collection."""
    x = framing(shading(x, generator, 14), generator, degrees=12, zoom=0.22, aspect=0.15, shift=0.12, shear=0.1, mirror=True)
    x = noise(blur(tone(x, generator, gamma=0.5, gain=0.25), generator), generator, most=12.0)
    return erase(x, generator).clamp(0, 255)


def for_scope(x, generator):
    """The mild augmentation of films that must stay in scope."""
    x = framing(x, generator, degrees=8, zoom=0.15, aspect=0.08, shift=0.07)
    return tone(x, generator, gamma=0.45, gain=0.25)


def acquisition(x, generator):
    """Blur, sharpening and noise that both sides of the scope question get alike."""
    return noise(blur(x, generator, sigma=1.5), generator, most=12.0).clamp(0, 255)
