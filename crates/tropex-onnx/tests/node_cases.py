"""Writes the official node tests of the Python package `onnx` as files.

    node_cases.py FOLDER OPERATOR...

FOLDER/NAME/ gets model.onnx, input_I.pb and output_I.pb of every test whose nodes all have one of
the operators. The last line printed is how many tests there are in all.
"""

import sys
import warnings
from pathlib import Path

import numpy
from onnx import TensorProto, numpy_helper
from onnx.backend.test.loader import load_model_tests

warnings.filterwarnings("ignore")


def tensor(value, name):
    if isinstance(value, TensorProto):
        return value
    return numpy_helper.from_array(numpy.asarray(value), name)


def write(folder, case):
    graph = case.model.graph
    inputs, outputs = case.data_sets[0]
    folder.mkdir(parents=True)
    folder.joinpath("model.onnx").write_bytes(case.model.SerializeToString())
    for kind, values, infos in (("input", inputs, graph.input), ("output", outputs, graph.output)):
        for index, (value, info) in enumerate(zip(values, infos)):
            file = folder / f"{kind}_{index}.pb"
            file.write_bytes(tensor(value, info.name).SerializeToString())


def main():
    folder, operators = Path(sys.argv[1]), set(sys.argv[2:])
    cases = load_model_tests(kind="node")
    for case in cases:
        graph = case.model.graph
        tensors = all(info.type.HasField("tensor_type") for info in [*graph.input, *graph.output])
        if tensors and all(node.op_type in operators for node in graph.node):
            write(folder / case.name, case)
    print(len(cases))


main()
