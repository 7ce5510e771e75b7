"""The networks: residual classifiers with a class-activation map, and a small scope network beside them.

Only operations that any ONNX engine has are used (convolution, ReLU, pooling, add, multiply, sigmoid, concatenation).
"""

import torch
from torch import nn
from torch.nn import functional as F


MAP_CELLS = 8 * 8  # of the class-activation map at 128 x 128


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


class Residual(nn.Module):
    """Two 3x3 convolutions with a shortcut; a stride halves the picture."""

    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.first = conv_bn(inputs, outputs, stride=stride)
        self.second = conv_bn(outputs, outputs)
        self.shortcut = None if stride == 1 and inputs == outputs else conv_bn(inputs, outputs, kernel=1)
        self.stride = stride

    def forward(self, x):
        y = self.second(F.relu(self.first(x)))
        if self.stride > 1:
            x = F.avg_pool2d(x, self.stride)
        return F.relu(y + (x if self.shortcut is None else self.shortcut(x)))


class Classifier(nn.Module):
    """Standardised film -> final feature map; the pneumonia logit is the mean of its class-activation map plus a bias."""

    def __init__(self, widths=(24, 32, 64, 128), dropout=0.2):
        super().__init__()
        stem, first, second, third = widths
        self.stem = nn.Sequential(conv_bn(1, stem, kernel=5, stride=2), nn.ReLU(), nn.MaxPool2d(2))
        self.body = nn.Sequential(
            Residual(stem, first), Residual(first, first),
            Residual(first, second, 2), Residual(second, second),
            Residual(second, third, 2), Residual(third, third),
        )
        self.dropout = nn.Dropout2d(dropout)
        self.head = nn.Conv2d(third, 1, 1, bias=False)
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, standardised):
        """Returns (logit [n, 1], cam [n, 1, h, w], features [n, F])."""
        features = self.body(self.stem(standardised))
        cam = self.head(self.dropout(features))
        return cam.mean(dim=(2, 3)) + self.bias, cam, features.mean(dim=(2, 3))


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
    """What is exported: several classifiers averaged, and the scope network."""

    def __init__(self, members, scope):
        super().__init__()
        self.standardise = Standardise()
        self.members = nn.ModuleList(members)
        self.scope = scope

    def forward(self, image):
        """image [n, 1, S, S] with values 0..255 -> (logit, scope, cam, features)."""
        x = self.standardise(image)
        logits, cams, features = zip(*(member(x) for member in self.members))
        return (
            sum(logits) / len(logits),
            torch.sigmoid(self.scope(x)),
            # scaled so that the cells add up to the logit less its bias
            sum(cams) / (len(cams) * MAP_CELLS),
            torch.cat(features, dim=1) if len(features) > 1 else features[0],
        )
