"""What every test may use: golden files, and no accidental network."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None)  # no test is about wall time
settings.load_profile("patient")

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--golden=write`, which rewrites the golden files."""
    parser.addoption("--golden", choices=("check", "write"), default="check", help="write the golden files")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--golden=write`, leave the tests that have golden files, and no others."""
    if config.getoption("--golden") == "write":
        writing = [item for item in items if "golden" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=[item for item in items if item not in writing])
        items[:] = writing


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str | Path, str], None]:
    """Return a check that a text is the content of a golden file, or of a whole path elsewhere."""

    def check(name: str | Path, text: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("--golden") == "write":
            file.write_text(text, encoding="utf-8")
        assert file.read_text("utf-8") == text, f"{name}: make golden writes it anew; review it rendered"

    return check
