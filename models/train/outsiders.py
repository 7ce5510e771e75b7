"""Pictures outside the intended use, for training and measuring the scope head.

Three kinds: spoiled films (inverted, turned, cropped, shuffled), drawn pictures (noise, shapes, text, patterns), and
pictures handed in (adult films, other modalities).
"""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

import data


def as_jpeg(picture, quality):
    """A picture of grey levels written as JPEG and read back."""
    stored = io.BytesIO()
    Image.fromarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8)).save(stored, "JPEG", quality=quality)
    return np.asarray(Image.open(stored), dtype=np.float32)


def soften(picture, random):
    """A small picture made coarser still, so that neither its sharpness nor its compression is always the same."""
    height, width = picture.shape
    side = random.uniform(0.5, 0.95)
    coarse = data.resize(picture, max(24, int(width * side)), max(24, int(height * side)))
    return as_jpeg(data.resize(coarse, width, height), int(random.integers(80, 97)))


def inverted(film, random):
    return 255.0 - film


def turned(film, random):
    """A quarter or half turn, sometimes mirrored too (which makes a half turn an upside-down film)."""
    film = film[:, ::-1] if random.random() < 0.3 else film
    return np.rot90(film, random.integers(1, 4))


def cropped(film, random):
    """A part of a film with at most a third of its area."""
    size = film.shape[0]
    h, w = (int(size * random.uniform(0.25, 0.58)) for _ in range(2))
    top, left = random.integers(0, size - h + 1), random.integers(0, size - w + 1)
    return data.resize(film[top:top + h, left:left + w], size, size)


def half(film, random):
    """One half of a film, stretched."""
    size = film.shape[0]
    start = random.integers(0, 2) * (size // 2)
    part = film[:, start:start + size // 2] if random.random() < 0.5 else film[start:start + size // 2]
    return data.resize(np.ascontiguousarray(part), size, size)


def shuffled(film, random):
    """A film cut into tiles laid in another order."""
    tiles, size = int(random.choice([2, 4])), film.shape[0]
    step = size // tiles
    places = [(y, x) for y in range(tiles) for x in range(tiles)]
    order = random.permutation(len(places))
    if tiles == 2 and (order == np.arange(4)).all():
        order = order[::-1]
    out = np.zeros_like(film)
    for (y, x), index in zip(places, order):
        v, u = places[index]
        out[y * step:(y + 1) * step, x * step:(x + 1) * step] = film[v * step:(v + 1) * step, u * step:(u + 1) * step]
    return out


def scrambled(film, random):
    """Noise with a film's own spectrum."""
    phase = np.angle(np.fft.fft2(random.standard_normal(film.shape)))
    spectrum = np.abs(np.fft.fft2(film - film.mean()))
    out = np.real(np.fft.ifft2(spectrum * np.exp(1j * phase)))
    return out / (out.std() + 1e-6) * film.std() + film.mean()


def tiny(film, random):
    """A whole film far too small on a plain background."""
    size = film.shape[0]
    side = int(size * random.uniform(0.2, 0.5))
    out = np.full_like(film, random.uniform(0, 255))
    top, left = random.integers(0, size - side + 1, 2)
    out[top:top + side, left:left + side] = data.resize(film, side, side)
    return out


def faded(film, random):
    """Almost no contrast left."""
    return random.uniform(0, 250) + (film - film.mean()) / (film.std() + 1e-6) * random.uniform(0.0, 0.7)


SPOILED = [inverted, turned, cropped, half, shuffled, scrambled, tiny, faded]


def blank(size, random):
    return np.full((size, size), random.uniform(0, 255)) + random.standard_normal((size, size)) * random.choice([0, 0.5, 2])


def white_noise(size, random):
    return random.uniform(60, 200) + random.standard_normal((size, size)) * random.uniform(5, 80)


def cloud(size, random):
    """Noise with a 1/f^a spectrum."""
    fy, fx = np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size), indexing="ij")
    radius = np.maximum(np.hypot(fx, fy), 1 / size)
    noise = np.fft.fft2(random.standard_normal((size, size))) / radius ** random.uniform(0.5, 2.5)
    out = np.real(np.fft.ifft2(noise))
    return (out - out.min()) / (out.max() - out.min()) * 255


def gradient(size, random):
    angle = random.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    if random.random() < 0.4:
        out = np.hypot(x - random.uniform(-0.3, 0.3), y - random.uniform(-0.3, 0.3))
    else:
        out = x * np.cos(angle) + y * np.sin(angle)
    out = (out - out.min()) / (out.max() - out.min()) * 255
    return 255 - out if random.random() < 0.5 else out


def waves(size, random):
    y, x = np.mgrid[0:size, 0:size] / size
    out = np.zeros((size, size))
    for _ in range(random.integers(1, 4)):
        fx, fy = random.uniform(-12, 12, 2)
        out += np.sin(2 * np.pi * (fx * x + fy * y) + random.uniform(0, 6))
    if random.random() < 0.4:
        out = np.sign(out)
    return 127 + 100 * out / (np.abs(out).max() + 1e-6)


def checker(size, random):
    step = int(random.integers(2, size // 2))
    y, x = np.mgrid[0:size, 0:size]
    low, high = sorted(random.uniform(0, 255, 2))
    return np.where(((x // step) + (y // step)) % 2 == 0, low, high)


def modular(size, random):
    y, x = np.mgrid[0:size, 0:size].astype(np.int64)
    a, b, c = random.integers(0, 12), random.integers(0, 12), random.integers(1, 90)
    return ((x * a + y * b + x * y // c) % 256).astype(np.float64)


def _canvas(size, random):
    image = Image.new("L", (size * 2, size * 2), int(random.integers(0, 256)))
    return image, ImageDraw.Draw(image)


def shapes(size, random):
    """Random ellipses, rectangles, polygons and lines, sometimes blurred or mirrored into body-like symmetry."""
    image, draw = _canvas(size, random)
    wide = size * 2
    for _ in range(random.integers(1, 16)):
        grey = int(random.integers(0, 256))
        x0, y0, x1, y1 = random.uniform(-0.2, 1.2, 4) * wide
        box = [min(x0, x1), min(y0, y1), max(x0, x1) + 1, max(y0, y1) + 1]
        kind = random.integers(0, 4)
        if kind == 0:
            draw.ellipse(box, fill=grey)
        elif kind == 1:
            draw.rectangle(box, fill=grey)
        elif kind == 2:
            draw.polygon([tuple(point) for point in random.uniform(0, 1, (random.integers(3, 7), 2)) * wide], fill=grey)
        else:
            draw.line(box, fill=grey, width=int(random.integers(1, 30)))
    if random.random() < 0.5:
        image = image.filter(ImageFilter.GaussianBlur(random.uniform(1, 16)))
    out = data.resize(np.asarray(image), size, size)
    if random.random() < 0.35:
        out = np.maximum(out, out[:, ::-1]) if random.random() < 0.5 else (out + out[:, ::-1]) / 2
    return out


def two_ovals(size, random):
    """The crudest drawing of a chest: two dark ovals on a lighter body; must not pass for a film."""
    image, draw = _canvas(size, random)
    wide = size * 2
    body, lung = random.integers(90, 256), random.integers(0, 90)
    draw.rectangle([0, 0, wide, wide], fill=int(random.integers(0, 60)))
    draw.rounded_rectangle([wide * 0.05, wide * 0.02, wide * 0.95, wide * 1.1], radius=60, fill=int(body))
    for left in (0.15, 0.55):
        left = left + random.uniform(-0.05, 0.05)
        draw.ellipse([wide * left, wide * 0.12, wide * (left + 0.3), wide * random.uniform(0.6, 0.9)], fill=int(lung))
    image = image.filter(ImageFilter.GaussianBlur(random.uniform(0, 8)))
    return data.resize(np.asarray(image), size, size)


def text(size, random):
    image, draw = _canvas(size, random)
    ink = int(random.integers(0, 256))
    for line in range(0, size * 2, int(random.integers(11, 40))):
        letters = "".join(chr(c) for c in random.integers(33, 123, random.integers(4, 48)))
        draw.text((random.integers(0, 60), line), letters, fill=ink, font_size=int(random.integers(8, 40)))
    return data.resize(np.asarray(image), size, size)


DRAWN = [blank, white_noise, cloud, gradient, waves, checker, modular, shapes, shapes, two_ovals, text]


def spoil(films, count, random):
    """`count` spoiled films, and the name of each one's defect."""
    pictures, names = [], []
    for index in range(count):
        how = SPOILED[index % len(SPOILED)]
        pictures.append(how(films[random.integers(len(films))], random))
        names.append(how.__name__)
    return np.clip(np.stack(pictures), 0, 255).astype(np.float32), np.array(names)


def draw(size, count, random):
    """`count` drawn pictures, and each one's kind."""
    pictures, names = [], []
    for index in range(count):
        how = DRAWN[index % len(DRAWN)]
        pictures.append(how(size, random))
        names.append(how.__name__)
    return np.clip(np.stack(pictures), 0, 255).astype(np.float32), np.array(names)


def vary(pictures, count, random, upright=False):
    """Mild crops, turns (unless `upright`) and inversions of handed-in pictures, to make few go further."""
    out = []
    for _ in range(count):
        picture = np.asarray(pictures[random.integers(len(pictures))], dtype=np.float32)
        h, w = picture.shape
        ch, cw = int(h * random.uniform(0.75, 1)), int(w * random.uniform(0.75, 1))
        top, left = random.integers(0, h - ch + 1), random.integers(0, w - cw + 1)
        picture = picture[top:top + ch, left:left + cw]
        if random.random() < 0.5:
            picture = picture[:, ::-1]
        if not upright:
            picture = np.rot90(picture, random.integers(0, 4))
            picture = 255 - picture if random.random() < 0.3 else picture
        out.append(data.resize(np.ascontiguousarray(picture), data.SIZE, data.SIZE))
    return np.stack(out)
