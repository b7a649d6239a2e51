"""What onnxruntime gives at points, one at a time.

    reference.py MODEL DATA OUTPUT COUNT

DATA holds `test.points` or `test.images`; OUTPUT gets `output`.
"""

import sys

import numpy as np
import onnxruntime
from safetensors.numpy import load_file, save_file

onnxruntime.set_default_logger_severity(3)


def main():
    model, data, target, count = *sys.argv[1:4], int(sys.argv[4])
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    port = session.get_inputs()[0]
    shape = [1, *port.shape[1:]]
    tensors = load_file(data)
    points = next(tensors[name] for name in ("test.points", "test.images") if name in tensors)
    points = points.astype(np.float32).reshape(count, *shape)
    rows = [session.run(None, {port.name: point})[0].reshape(1, -1) for point in points]
    save_file({"output": np.concatenate(rows)}, target)


main()
