"""Evaluation of exported programs."""

from __future__ import annotations

import torch
from torch.export.graph_signature import InputKind


def tensor_of_input(program: torch.export.ExportedProgram, target: str):
    """The parameter, buffer or constant that an input of a program's graph stands for."""
    if target in program.state_dict:
        return program.state_dict[target]
    return program.constants.get(target)


def output_before(
    program: torch.export.ExportedProgram, node: torch.fx.Node, points: torch.Tensor
) -> torch.Tensor:
    """What a node of a program gets as its first argument if the program is applied to points."""
    given = next(n for n in program.graph.nodes if n.name in program.graph_signature.user_inputs)
    if isinstance(given.meta["val"].shape[0], int):
        # The program is one for a single point.
        parts = [_output_before(program, node, point) for point in points.split(1)]
        return torch.cat(parts)
    return _output_before(program, node, points)


def _output_before(
    program: torch.export.ExportedProgram, node: torch.fx.Node, points: torch.Tensor
) -> torch.Tensor:
    values: dict[torch.fx.Node, object] = {}
    specs = {spec.arg.name: spec for spec in program.graph_signature.input_specs}
    for current in program.graph.nodes:
        if current is node:
            break
        if current.op == "placeholder":
            spec = specs[current.name]
            is_points = spec.kind is InputKind.USER_INPUT
            values[current] = points if is_points else tensor_of_input(program, spec.target)
        else:
            values[current] = _applied(current, values)
    return values[node.args[0]]


def _applied(node: torch.fx.Node, values: dict[torch.fx.Node, object]):
    args = torch.fx.node.map_arg(node.args, values.__getitem__)
    kwargs = torch.fx.node.map_arg(node.kwargs, values.__getitem__)
    return node.target(*args, **kwargs)
