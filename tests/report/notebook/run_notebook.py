"""Runs the cells of a JSON list in a kernel of this Python and writes the notebook; in a process of its own, since
kernels leave sockets and event loops behind."""

import json
import sys
from pathlib import Path

import nbclient
import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

cells, result = map(Path, sys.argv[1:])
code = [nbformat.v4.new_code_cell(cell) for cell in json.loads(cells.read_text(encoding="utf-8"))]
notebook = nbformat.v4.new_notebook(cells=code)
manager = AsyncKernelManager()
# Whether or not a kernel is registered.
manager._kernel_spec = KernelSpec(
    argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], language="python", display_name="test"
)
client = nbclient.NotebookClient(
    notebook, km=manager, timeout=600, resources={"metadata": {"path": str(result.parent)}}
)
client.execute()
nbformat.write(notebook, result)
