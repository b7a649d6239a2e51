"""Piecewise-linear PyTorch modules, written in many ways, with points that they take."""

import pytest

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional


class Where(nn.Module):
    """A leaky ReLU by comparison."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(6, 10), nn.Linear(10, 3)

    def forward(self, x):
        x = self.first(x)
        return self.last(torch.where(x > 0, x, 0.2 * x))


class Maxout(nn.Module):
    """The maximum of the halves of a layer, and of two branches."""

    def __init__(self):
        super().__init__()
        self.first, self.left, self.right = nn.Linear(6, 12), nn.Linear(6, 3), nn.Linear(6, 3)

    def forward(self, x):
        left, right = self.first(x).chunk(2, dim=1)
        hidden = torch.max(left, right)
        return torch.maximum(self.left(hidden), self.right(hidden.abs()))


class Functional(nn.Module):
    """A convolutional network of functional calls."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 2, 3, 3) / 4)
        self.bias = nn.Parameter(torch.randn(4))
        self.last = nn.Linear(4 * 4, 3)

    def forward(self, x):
        x = functional.relu(functional.conv2d(x, self.weight, self.bias, padding=1))
        x = functional.max_pool2d(x, 2)
        x = functional.leaky_relu(functional.pad(x, (1, 0, 1, 0)), 0.1)
        return self.last(torch.flatten(functional.adaptive_avg_pool2d(x, 2), 1))


class Buffers(nn.Module):
    """Normalises its input with buffers, and clamps."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.randn(6))
        self.register_buffer("scale", torch.rand(6) + 0.5)
        self.layers = nn.ModuleList([nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 3)])

    def forward(self, x):
        x = (x - self.mean) / self.scale
        for layer in self.layers[:-1]:
            x = x + torch.clamp(layer(x), -0.5, 0.5)
        return self.layers[-1](x)


class Tied(nn.Module):
    """One layer that is used twice, and once transposed."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 6)
        self.last = nn.Linear(6, 3)

    def forward(self, x):
        x = self.layer(self.layer(x).relu()).relu()
        return self.last(functional.linear(x, self.layer.weight.T).relu())


class Residual(nn.Module):
    """A residual block with batch normalisation, and a mean over places."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.last = nn.Linear(4, 3)
        self.norm.running_mean.normal_()
        self.norm.running_var.uniform_(0.5, 2)

    def forward(self, x):
        x = self.norm(self.first(x)).relu()
        x = (self.second(x) + x).relu()
        return self.last(x.mean(dim=(2, 3)))


class Rearranged(nn.Module):
    """Slices, concatenations, permutations and an einsum with constants."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 2, 8) / 4)

    def forward(self, x):
        x = torch.cat([x, -x[:, 1:3]], dim=1)
        x = x.reshape(-1, 4, 2).permute(0, 2, 1).relu()
        x = torch.stack([x.flip(1), x.roll(1, dims=2)], dim=1).flatten(2)
        return torch.einsum("nbi,cbi->nc", x, self.weight)


class Extremes(nn.Module):
    """Maxima and minima along axes, and sums of magnitudes."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(6, 12), nn.Linear(6, 3)

    def forward(self, x):
        x = self.first(x).unflatten(1, (3, 4))
        highest, lowest = x.max(dim=2).values, x.amin(dim=1)[:, :2]
        return self.last(torch.cat([highest, lowest, x.abs().sum(dim=(1, 2))[:, None]], dim=1))


class Stacked(nn.Module):
    """Branches stacked before the axis of the points, and their maximum, minimum, mean and parts."""

    def __init__(self):
        super().__init__()
        self.branches = nn.ModuleList([nn.Linear(6, 4) for _ in range(3)])
        self.last = nn.Linear(4, 3)

    def forward(self, x):
        stacked = torch.stack([branch(x) for branch in self.branches])
        most, least = stacked.max(dim=0).values, stacked.amin(dim=0, keepdim=True)[0]
        return self.last(most - least.relu() + stacked.mean(0) + stacked[1] - stacked.unbind()[2])


def parametrized():
    """Weights that are functions of parameters."""
    weight_norm = nn.utils.parametrizations.weight_norm(nn.Linear(6, 8))
    spectral = nn.utils.parametrizations.spectral_norm(nn.Linear(8, 8))
    orthogonal = nn.utils.parametrizations.orthogonal(nn.Linear(8, 8))
    return nn.Sequential(
        weight_norm, nn.ReLU(), spectral, nn.ReLU(), orthogonal, nn.ReLU(), nn.Linear(8, 3)
    )


def plain():
    """A perceptron with dropout, and several activations."""
    return nn.Sequential(
        nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 8), nn.PReLU(8), nn.Linear(8, 8),
        nn.Hardtanh(), nn.Linear(8, 8), nn.ReLU6(), nn.BatchNorm1d(8), nn.Linear(8, 3),
    )  # fmt: skip


def convolutional():
    """Layers of images, transposed and dilated convolutions, poolings, resampling."""
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, stride=2, padding=1, padding_mode="reflect"),
        nn.LeakyReLU(0.3),
        nn.ConvTranspose2d(4, 4, 2, stride=2), nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True),
        nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(4, 4, 3, dilation=2), nn.ReLU(),
        nn.AvgPool2d(2), nn.PixelShuffle(2), nn.Hardsigmoid(), nn.Flatten(), nn.LazyLinear(3),
    )  # fmt: skip


#: Constructors and shapes of one point.
MODULES = {
    "where": (Where, (6,)),
    "maxout": (Maxout, (6,)),
    "functional": (Functional, (2, 8, 8)),
    "buffers": (Buffers, (6,)),
    "tied": (Tied, (6,)),
    "residual": (Residual, (2, 6, 6)),
    "rearranged": (Rearranged, (6,)),
    "extremes": (Extremes, (6,)),
    "stacked": (Stacked, (6,)),
    "parametrized": (parametrized, (6,)),
    "plain": (plain, (6,)),
    "convolutional": (convolutional, (2, 8, 8)),
}


def make(name, seed=0):
    """A module in float64 with random weights, in training mode, and points ``(5, *shape)``."""
    torch.manual_seed(seed)
    constructor, shape = MODULES[name]
    model = constructor()
    points = torch.randn(5, *shape)
    model.eval()(points)
    return model.double().train(), points.double()
