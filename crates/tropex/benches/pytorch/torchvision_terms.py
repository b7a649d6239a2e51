"""PyTorch's side of the benchmark `large_images`: linear terms of a network of torchvision.

    python torchvision_terms.py NAME FOLDER POINTS THREADS

NAME is that of a function of `torchvision.models`. Its network has random weights (seed 0), and batch
norms with the statistics of random images. It is exported to FOLDER/model.onnx, and POINTS random images
[points, 3, 224, 224] with values from 0 to 1 are written to FOLDER/points.safetensors.

Every line `predicted BATCH` of the standard input asks for the linear terms of the predicted class, by
autograd, and is answered with the seconds and the sum of the absolute values of all coefficients.
"""

import sys
import time
import warnings
from pathlib import Path

import torch
import torchvision
from safetensors.torch import save_file

warnings.filterwarnings("ignore")


def network(name):
    torch.manual_seed(0)
    options = dict(aux_logits=False, init_weights=False) if name == "googlenet" else {}
    model = getattr(torchvision.models, name)(weights=None, **options)
    with torch.no_grad():
        for _ in range(3):
            model.train()(torch.rand(8, 3, 224, 224))
    return model.eval().requires_grad_(False)


def terms(model, x):
    x = x.clone().requires_grad_()
    logits = model(x)
    own = logits.gather(1, logits.argmax(1, keepdim=True)).sum()
    return torch.autograd.grad(own, x)[0]


def main():
    name, folder, count, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(threads)
    model = network(name)
    points = torch.rand(count, 3, 224, 224)
    torch.onnx.export(model, (points[:1],), folder / "model.onnx", dynamo=False, opset_version=13)
    save_file({"points": points}, folder / "points.safetensors")
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        seconds, total = 0.0, 0.0
        for x in points.split(int(line.split()[1])):
            start = time.perf_counter()
            found = terms(model, x)
            seconds += time.perf_counter() - start
            total += found.double().abs().sum().item()
        print(seconds, total, flush=True)


if __name__ == "__main__":
    main()
