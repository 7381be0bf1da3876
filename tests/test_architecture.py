"""The floors of the house, and what it costs to open the door."""

import subprocess
import sys

from importlinter import cli


def test_imports_only_point_down() -> None:
    assert cli.lint_imports(no_cache=True) == cli.EXIT_STATUS_SUCCESS


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys, runpy; sys.argv = ['chat', '--help']\n"
        "try: runpy.run_module('chat', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'gradio', 'sqlalchemy', 'langchain_core'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ask" in done.stdout
