"""Executes notebooks; an error in a cell is an error of this program.

    python run_notebooks.py                     # all notebooks in this folder
    python run_notebooks.py NOTEBOOK... --save  # and writes their outputs into the files

Needs nbclient and ipykernel, and what the notebooks import.
"""

import argparse
import pathlib
import re

import nbclient
import nbformat

#: Numbers in outputs that differ between two executions.
ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def execute(path):
    """An executed notebook, without the times of its execution."""
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=1800, record_timing=False)
    client.execute(cwd=path.parent)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for kind, text in output.get("data", {}).items():
                if kind == "text/plain":
                    output["data"][kind] = ADDRESS.sub("", text)
    return notebook


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=pathlib.Path)
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    folder = pathlib.Path(__file__).parent
    for path in arguments.notebooks or sorted(folder.glob("*.ipynb")):
        print(path.name, flush=True)
        notebook = execute(path.resolve())
        if arguments.save:
            nbformat.write(notebook, path)


main()
