"""The drawing of the architecture is the tree, and the contract between its rooms."""

import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DRAWING = ROOT / "docs/pictures/architecture.svg"
HOUSES = {"ratchet_bot": ROOT / "bot/ratchet_bot", "ratchet_profiler": ROOT / "profiler/ratchet_profiler"}
PROGRAM = "__main__"


def drawn(house: str) -> list[str]:
    """Return the rooms of a house from top to bottom."""
    svg = "{http://www.w3.org/2000/svg}"
    tree = ET.parse(DRAWING)  # noqa: S314 - it is ours
    [group] = [group for group in tree.iter(f"{svg}g") if group.get("id") == house]
    rooms = [text for text in group.iter(f"{svg}text") if text.get("class") == "room"]
    return [str(room.text) for room in sorted(rooms, key=lambda room: int(room.attrib["y"]))]


def floors(house: str) -> list[list[str]]:
    """Return the layers of a house's contract from top to bottom, each with its rooms."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    [layers] = [
        contract["layers"]
        for contract in contracts
        if contract["type"] == "layers" and contract["containers"] == [house]
    ]
    return [[room.strip() for room in layer.split("|")] for layer in layers]


@pytest.mark.parametrize("house", HOUSES)
def test_every_folder_is_drawn_and_every_room_is_there(house: str):
    """No folder is missing in the drawing; a room in it is a folder or a module."""
    folders = {path.parent.name for path in HOUSES[house].glob("*/__init__.py")}
    modules = {path.stem for path in HOUSES[house].glob("*.py")}

    assert folders <= set(drawn(house)) <= folders | modules


@pytest.mark.parametrize("house", HOUSES)
def test_rooms_stand_as_the_contract_has_them(house: str):
    """A room is drawn below those that may import it."""
    floor_of = {room: floor for floor, rooms in enumerate(floors(house)) for room in rooms}
    levels = [floor_of[room] for room in drawn(house)]

    assert levels == sorted(levels)


def test_the_bot_is_drawn_whole():
    """Each room of the contract is in the drawing, but the program itself."""
    rooms = [room for floor in floors("ratchet_bot") for room in floor]

    assert drawn("ratchet_bot") == [room for room in rooms if room != PROGRAM]
