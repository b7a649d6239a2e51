"""Networks exported by PyTorch, and what onnxruntime gives at points.

    exports.py FOLDER

FOLDER/NAME.onnx, and FOLDER/NAME.safetensors with `points` and `output`. The new exporter is used
too where `onnxscript` is installed.
"""

import importlib.util
import sys
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from safetensors.numpy import save_file
from torch import nn

warnings.filterwarnings("ignore")
onnxruntime.set_default_logger_severity(3)


class Block(nn.Module):
    """Two convolutions with a shortcut."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.short = nn.Conv2d(inputs, outputs, 1, stride)

    def forward(self, x):
        return torch.relu(self.second(torch.relu(self.norm(self.first(x)))) + self.short(x))


class Branches(nn.Module):
    """Parallel paths, joined along the channels."""

    def __init__(self):
        super().__init__()
        self.paths = nn.ModuleList([
            nn.Conv2d(3, 4, 1),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(3, 4, 1)),
            nn.Sequential(nn.AvgPool2d(3, 1, 1, count_include_pad=False), nn.Conv2d(3, 2, 5, padding=2, groups=1)),
        ])
        self.out = nn.Linear(10, 5)

    def forward(self, x):
        joined = torch.cat([path(x) for path in self.paths], 1)
        return self.out(nn.functional.hardtanh(joined).mean((2, 3)))


class Shapes(nn.Module):
    """Views, chunks, slices and choices."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(16, 16)
        self.out = nn.Linear(64, 4)

    def forward(self, x):
        first, second = x.view(x.size(0), -1, 16).chunk(2, 1)
        x = torch.maximum(self.inner(first), second) - torch.abs(second)
        x = torch.where(x > 0, x, 0.3 * x)
        x = torch.cat([x[:, ::2], x.flip(1)[:, 1::2]], 1).transpose(1, 2)
        return self.out(x.reshape(x.shape[0], -1))


class Volumes(nn.Module):
    """Three axes, and up again."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv3d(1, 3, (2, 3, 3), stride=(1, 2, 1), padding=1, groups=1), nn.LeakyReLU(0.2),
            nn.MaxPool3d(2, ceil_mode=True), nn.ConvTranspose3d(3, 2, 2, stride=2), nn.PReLU(2),
            nn.AvgPool3d(2), nn.Flatten(), nn.LazyLinear(4),
        )

    def forward(self, x):
        return self.net(x)


def networks():
    torch.manual_seed(0)
    image = (3, 16, 16)
    yield "mlp", nn.Sequential(nn.Flatten(), nn.Linear(768, 20), nn.ReLU6(), nn.Dropout(), nn.Linear(20, 5)), image
    yield "residual", nn.Sequential(Block(3, 6, 2), Block(6, 8, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)), image
    yield "branches", Branches(), image
    yield "shapes", Shapes(), (128,)
    yield "volumes", Volumes(), (1, 4, 8, 6)
    yield "upsampled", nn.Sequential(
        nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.Upsample(scale_factor=2), nn.ConvTranspose2d(4, 3, 3, 2, 1, output_padding=1),
        nn.Hardsigmoid(), nn.Upsample(size=(40, 41), mode="bilinear", align_corners=False), nn.MaxPool2d(2, ceil_mode=True),
        nn.ReflectionPad2d(1), nn.PixelUnshuffle(1), nn.Flatten(), nn.LazyLinear(4)), image
    yield "sequences", nn.Sequential(
        nn.Conv1d(3, 8, 5, stride=2, padding=4, dilation=2, groups=1), nn.BatchNorm1d(8), nn.Softshrink(0.2),
        nn.MaxPool1d(3, 2, 1, ceil_mode=True), nn.AvgPool1d(3, 1), nn.Flatten(), nn.LazyLinear(6), nn.LogSoftmax(1)), (3, 40)
    yield "shuffled", nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, groups=1), nn.PixelShuffle(2), nn.Hardtanh(-0.5, 0.5),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(2, 3), nn.Softmax(1)), image


def main():
    folder = Path(sys.argv[1])
    ways = {f"old{opset}": dict(dynamo=False, opset_version=opset) for opset in (9, 13, 17)}
    if importlib.util.find_spec("onnxscript"):
        ways["new"] = dict(dynamo=True, opset_version=18)
    for name, network, shape in networks():
        points = torch.rand(5, *shape)
        network(points)
        for parameter in network.buffers():
            if parameter.dtype.is_floating_point:
                parameter.data.uniform_(0.5, 1.5)
        network.eval()
        for way, options in ways.items():
            for batch in ("one", "open"):
                axes = {"x": {0: "n"}} if batch == "open" and not options["dynamo"] else None
                # The new exporter makes `Sign` and `Where` of Softshrink.
                if (batch == "open" and axes is None) or (way == "new" and name == "sequences"):
                    continue
                path = folder / f"{name}_{way}_{batch}.onnx"
                try:
                    torch.onnx.export(network, (points[:1],), path, input_names=["x"], dynamic_axes=axes, verbose=False, **options)
                except Exception as error:
                    print(f"no export of {path.stem}: {str(error).splitlines()[0]}")
                    path.unlink(missing_ok=True)
                    continue
                with torch.no_grad():
                    ends = isinstance(network, nn.Sequential) and isinstance(network[-1], (nn.Softmax, nn.LogSoftmax))
                    output = (network[:-1] if ends else network)(points).numpy()
                try:
                    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
                except Exception as error:
                    print(f"onnxruntime refuses {path.stem}: {str(error).splitlines()[0]}")
                    path.unlink()
                    continue
                port = session.get_inputs()[0].name
                rows = np.concatenate([session.run(None, {port: points[i : i + 1].numpy()})[0] for i in range(5)])
                if not ends:
                    # Operator set 9 interpolates otherwise than PyTorch.
                    assert way == "old9" or np.abs(rows - output).max() < 1e-4, path
                    output = rows
                save_file({"points": points.numpy(), "output": np.ascontiguousarray(output)}, path.with_suffix(".safetensors"))


main()
