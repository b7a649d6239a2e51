"""The type stubs, the module and its documentation have equal names and parameters."""

import ast
import inspect
import pathlib

import pytest

import tropex

STUBS = pathlib.Path(tropex.__file__).with_name("_tropex.pyi")
TREE = ast.parse(STUBS.read_text())
CLASSES = {node.name: node for node in TREE.body if isinstance(node, ast.ClassDef)}
FUNCTIONS = {node.name: node for node in TREE.body if isinstance(node, ast.FunctionDef)}


def members(node):
    """Functions and properties of a class in the stubs by their names."""
    return {member.name: member for member in node.body if isinstance(member, ast.FunctionDef)}


def is_property(member):
    return any(getattr(decorator, "id", "") == "property" for decorator in member.decorator_list)


def parameters(member):
    """Names of the parameters of a function in the stubs with their defaults as text."""
    arguments = member.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + arguments.defaults
    pairs = zip(positional + arguments.kwonlyargs, defaults + arguments.kw_defaults)
    return [(name.arg, default and ast.unparse(default)) for name, default in pairs]


def own_parameters(function):
    """Names of the parameters of a function of the module with their defaults as text."""
    empty = inspect.Parameter.empty
    return [
        (parameter.name, None if parameter.default is empty else repr(parameter.default))
        for parameter in inspect.signature(function).parameters.values()
    ]


def test_the_stubs_have_all_public_names():
    module = tropex._tropex
    public = {name for name in vars(module) if not name.startswith("_")}
    assert public == set(CLASSES) | set(FUNCTIONS)


@pytest.mark.parametrize("name", CLASSES)
def test_classes_have_the_members_of_the_stubs(name):
    own = {key: value for key, value in vars(getattr(tropex, name)).items()}
    public = {key for key in own if not key.startswith("_")}
    declared = members(CLASSES[name])
    assert public == {key for key in declared if not key.startswith("_")}
    for key, member in declared.items():
        if is_property(member) or key.startswith("__"):
            assert key in own
        else:
            found, expected = own_parameters(own[key]), parameters(member)
            assert [pair[0] for pair in found] == [pair[0] for pair in expected], key
            for (parameter, default), (_, declared_default) in zip(found, expected):
                assert _number(default) == _number(declared_default), (key, parameter)


def _number(text):
    """Defaults that are equal numbers have one text."""
    return None if text is None else ast.literal_eval(text)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_have_the_parameters_of_the_stubs(name):
    assert own_parameters(getattr(tropex._tropex, name)) == parameters(FUNCTIONS[name])


@pytest.mark.parametrize("name", tropex.__all__)
def test_everything_public_is_documented(name):
    value = getattr(tropex, name)
    assert inspect.getdoc(value), name
    for key, member in vars(value).items() if inspect.isclass(value) else ():
        if not key.startswith("_") and not isinstance(value.__dict__[key], property):
            assert inspect.getdoc(member), f"{name}.{key}"
