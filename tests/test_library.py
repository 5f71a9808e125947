"""The page about the library does what it says."""

import doctest
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs/library.md"


def test_the_examples_run():
    """Every example gives what stands below it."""
    done = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert done.attempted > 20
    assert done.failed == 0


def test_what_the_page_names_is_there():
    """The functions of its table exist, and the errors they refuse with do."""
    text = PAGE.read_text("utf-8")
    rows = re.findall(r"^\| `([\w.]+)`(?:, `(\w+)`)? \|.*\| ([^|]*)\|$", text, re.MULTILINE)
    assert len(rows) == 9
    for place, other, refusal in rows:
        module = place.rpartition(".")[0]
        named = [place, *([f"{module}.{other}"] if other else []), *re.findall(r"`([\w.]+)`", refusal)]
        for whole in named:
            owner, _, name = whole.rpartition(".")
            assert hasattr(import_module(owner), name), whole


def test_judging_needs_neither_torch_nor_the_network():
    """What an engine's test imports brings no torch, no HTTP client, no YAML parser, no templates."""
    heavy = ("torch", "numpy", "github", "requests", "jinja2", "yaml", "urllib.request")
    loaded = f"[name for name in {heavy} if name in sys.modules]"
    code = f"import ratchet_bot.judging.compare, ratchet_bot.judging.tighten, sys; print({loaded})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
