"""The Python code in the documents runs."""

import importlib.util
import pathlib
import re
import shutil

import pytest

ROOT = pathlib.Path(__file__).parents[3]

#: Libraries that code may import, and that need not be there.
LIBRARIES = ["matplotlib", "pandas", "torch"]


def blocks(document):
    """The blocks of Python in a document with the numbers of their lines."""
    text = (ROOT / document).read_text()
    for match in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield text[: match.start(1)].count("\n"), match[1]


@pytest.mark.parametrize("document", ["docs/python.md", "crates/tropex-python/README.md"])
def test_the_code_of_a_document_runs(document, models, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    shutil.copy(models / "mlp.onnx", "model.onnx")
    names, count = {}, 0
    for line, code in blocks(document):
        needed = [library for library in LIBRARIES if f"import {library}" in code]
        is_there = all(importlib.util.find_spec(library) for library in needed)
        # A run takes minutes to make.
        if is_there and "runs/" not in code:
            exec(compile("\n" * line + code, ROOT / document, "exec"), names)
            count += 1
    assert count >= 3
