"""Random networks, and what others compute with them at points.

    random_graphs FOLDER COUNT [FIRST]

FOLDER/NAME.onnx, and FOLDER/NAME.safetensors with `points`, the `output` of onnxruntime, and the
`slopes` along `directions` in double precision; NAME holds the seed. Every network is a chain of operators with random
attributes, with branches that are joined, in a random operator set from 7 to 23. Half of them have a
batch of 1 in their shapes, and some end with a softmax, which `output` and `slopes` leave out.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
from builder import Builder, session
from doubles import slopes
from safetensors.numpy import save_file

import number_steps
import place_steps
import window_steps

warnings.filterwarnings("ignore")

POINTS = 3
CLASSES = 3


def network(seed):
    """The builder, its model, and the name of the logits."""
    b = Builder(seed)
    steps = number_steps.STEPS + place_steps.STEPS + (2 * window_steps.STEPS if len(b.input) > 1 else [])
    for _ in range(b.random.randint(3, 10)):
        b.step(b.random.choice(steps))
    features = int(np.prod(b.shape[1:]))
    flat = b.value
    if len(b.shape) > 2:
        target = b.ints(b.random.choice([b.batch, 0]), features)
        flat = b.node("Flatten", flat) if b.chance(0.5) else b.node("Reshape", flat, target)
    logits = b.node("Gemm", flat, b.floats(CLASSES, features), b.floats(CLASSES), transB=1)
    ends = [["Softmax"], ["LogSoftmax"], ["Identity", "Softmax"]] if b.chance(0.2) else [[]]
    last = logits
    for operator in b.random.choice(ends):
        last = b.node(operator, last, **({} if operator == "Identity" else dict(axis=1)))
    return b, b.model(last), b.model(logits)


def write(path, seed):
    b, model, of_logits = network(seed)
    points = b.numpy.standard_normal((POINTS, *b.input)).astype(np.float32)
    run = session(of_logits).run
    output = np.concatenate([run(None, {"x": point[None]})[0] for point in points])
    session(model)
    directions = b.numpy.standard_normal(points.shape)
    found = slopes(of_logits, points, output, directions)
    onnx.save(model, path)
    tensors = dict(points=points, output=output, directions=directions, slopes=found)
    save_file({name: np.ascontiguousarray(array) for name, array in tensors.items()}, path.with_suffix(".safetensors"))
    return not np.isnan(found).all()


def main():
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    made, sloped = 0, 0
    for seed in range(first, first + count):
        try:
            sloped += write(folder / f"random_{seed:05}.onnx", seed)
            made += 1
        except Exception as error:  # onnxruntime and onnx have many kinds
            print(f"{seed}: {type(error).__name__}: {str(error).splitlines()[0]}")
    print(f"{made} of {count} networks, {sloped} with slopes")


main()
