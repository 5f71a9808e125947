"""The shape of the house: what a newcomer has to hold in mind stays bounded, room by room."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {"ratchet_bot": ROOT / "bot", "ratchet_profiler": ROOT / "profiler"}
LONGEST_FILE = 300
"""Lines of a module. Chosen: one idea with its docstrings; the ninetieth percentile is near 230."""
LONGEST_FUNCTION = 50
"""Lines of a function, docstring and arguments included. Chosen: a screen."""
LONGEST_CHAIN = 17
"""Modules from an entry point down to one that imports nothing of ours. It was 20; six model code bases have
4 to 11. Lower it when a chain gets shorter."""
MOST_MODULES = 190
"""Modules of both packages. It was 242. Lower it when modules merge."""
MOST_SHARED_NAMES = 15
"""Class names that two modules define. It was 44. Some stand on both sides of the trust line: `BadInput`."""


def modules() -> Iterator[tuple[str, Path]]:
    for package, folder in PACKAGES.items():
        for file in sorted((folder / package).rglob("*.py")):
            yield ".".join(file.relative_to(folder).with_suffix("").parts).removesuffix(".__init__"), file


def room(module: str) -> str:
    return ".".join(module.split(".")[:2])


MODULES = dict(modules())


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_one_screenful_of_ideas(module: str):
    """No file is longer than `LONGEST_FILE`, no function longer than `LONGEST_FUNCTION`."""
    text = MODULES[module].read_text("utf-8")
    assert text.count("\n") <= LONGEST_FILE, f"{room(module)}: split {module}"
    functions = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    too_long = [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION]
    assert not too_long, f"{room(module)}: {module}"


def test_the_house_is_not_deep():
    """The longest chain of imports fits `LONGEST_CHAIN`; the message is the chain."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)

    @cache
    def chain(module: str) -> tuple[str, ...]:
        imported = graph.find_modules_directly_imported_by(module)
        # A package may hand out its own modules when it is called, and they may import what it defines.
        below = [name for name in imported if not name.startswith(f"{module}.")]
        return (module, *max((chain(name) for name in below), key=len, default=()))

    longest = max((chain(module) for module in graph.modules), key=len)
    assert len(longest) <= LONGEST_CHAIN, " -> ".join(longest)


def test_the_house_is_not_wide():
    """There are at most `MOST_MODULES`; the message counts them by room."""
    rooms: dict[str, int] = defaultdict(int)
    for module in MODULES:
        rooms[room(module)] += 1
    assert len(MODULES) <= MOST_MODULES, dict(rooms)


def test_a_class_name_means_one_thing():
    """At most `MOST_SHARED_NAMES` names of classes are defined twice, a leading underscore aside."""
    homes: dict[str, list[str]] = defaultdict(list)
    for module, file in MODULES.items():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                homes[node.name.lstrip("_")].append(module)
    shared = {name: places for name, places in homes.items() if len(places) > 1}
    assert len(shared) <= MOST_SHARED_NAMES, shared
