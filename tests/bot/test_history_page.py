"""The page with the trend charts, in a real browser."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from builders import make_baselines, make_values
from history_lines import make_series, sha_of
from ratchet_bot.__main__ import main
from ratchet_bot.data.history import appended

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
STEADY = [100.0, 100.4, 99.8, 100.1, 99.9, 100.2, 99.7, 100.3, 100.0, 99.9]
REPOSITORY = "https://github.com/octo/demo"
EVIL = '</title><script>document.title = "taken"</script>'
HOVER = """<script>
const box = document.querySelectorAll("svg")[0].getBoundingClientRect();
document.querySelectorAll("svg")[0].dispatchEvent(
  new PointerEvent("pointermove", {clientX: box.right - 20, clientY: box.top + 50}));
</script></body>"""
"""What a person does who moves the mouse to the right end of the first chart."""


class Elements(HTMLParser):
    """The elements of a page, and its text by the element that holds it."""

    def __init__(self, html: str) -> None:
        """Read a page."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element."""
        self.tags.append((tag, dict(attrs)))
        self.open = tag

    def handle_data(self, data: str) -> None:
        """Take a text, as of the element that was opened last."""
        self.texts.append((self.open, data.strip()))

    def of(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        """Return the attributes of each element of a kind that has these."""
        return [has for name, has in self.tags if name == tag and wanted.items() <= has.items()]


@pytest.fixture
def page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Give the page of two scenarios, one of them with a change, the other with a hostile reason."""
    lines = [
        *make_series([*STEADY, *[80.0] * 8], "flux"),
        *make_series([100.0, 120.0, 101.0], "wan", {2: {"excluded": EVIL}}),
    ]
    (tmp_path / "nights" / "h100").mkdir(parents=True)
    (tmp_path / "nights" / "h100" / "2026-11.jsonl").write_text(appended("", lines), "utf-8")
    (tmp_path / "h100.json").write_text(make_baselines({"flux": make_values(e2e_ms=110.0)}).text)
    options = {
        "--folder": tmp_path / "nights",
        "--out": tmp_path / "page",
        "--baselines": tmp_path / "h100.json",
        "--repository": "octo/demo",
    }
    assert main(["history", "plot", *(str(word) for option in options.items() for word in option)]) == 0
    assert capsys.readouterr().out == f"wrote {tmp_path / 'page' / 'index.html'}: 2 charts\n"
    return tmp_path / "page" / "index.html"


def test_the_page_needs_nothing_but_itself(page: Path):
    """One file, no address but links to commits, and a policy that lets the browser load nothing else."""
    html = page.read_text("utf-8")
    elements = Elements(html)
    policy = elements.of("meta", **{"http-equiv": "Content-Security-Policy"})

    assert [file.name for file in page.parent.iterdir()] == ["index.html"]
    assert policy[0]["content"].startswith("default-src 'none';")
    assert [has for name, has in elements.tags if "src" in has] == []
    addresses = set(re.findall(r"https?://[^\"'\s<]+", html))
    assert {address.rpartition("/")[0] for address in addresses} == {
        f"{REPOSITORY}/commit",
        f"{REPOSITORY}/compare",
    }


def test_the_page_tells_all_without_a_program(page: Path):
    """Nights, levels, baseline, limit, the change and its commits stand in the file itself."""
    elements = Elements(page.read_text("utf-8"))

    assert len(elements.of("article")) == 2
    assert len(elements.of("circle", **{"class": "night"})) == 20
    assert len(elements.of("circle", **{"class": "aside"})) == 1
    assert len(elements.of("line", **{"class": "level"})) == 3
    assert len(elements.of("line", **{"class": "turn faster"})) == 1
    titles = [text for tag, text in elements.texts if tag == "title"]
    assert "baseline: 110.0 ms" in titles
    assert "limit: 137.5 ms" in titles
    assert "2026-11-11: 80.0 ms at 0000011, run 11" in titles
    compare = f"{REPOSITORY}/compare/{sha_of(10)}...{sha_of(11)}"
    assert elements.of("a", href=compare)


@pytest.mark.skipif(BROWSER is None, reason="no chromium on PATH")
def test_a_browser_draws_the_page(page: Path, tmp_path: Path):
    """A real browser runs the page: nothing hostile has run, and hovering tells of the nearest night."""
    hovered = tmp_path / "hovered.html"
    hovered.write_text(page.read_text("utf-8").replace("</body>", HOVER), "utf-8")
    elements = Elements(_dom(hovered, tmp_path))
    near = elements.of("div", id="near")

    assert next(text for tag, text in elements.texts if tag == "title") == "Nights · h100"
    assert "hidden" not in near[0]
    assert "2026-11-18: 80.0 ms at 0000018, run 18" in [text for tag, text in elements.texts if tag == "div"]
    assert len(elements.of("circle", **{"class": "night is-near"})) == 1


@pytest.mark.skipif(BROWSER is None, reason="no chromium on PATH")
def test_the_charts_have_a_size(page: Path, tmp_path: Path):
    """The browser gives every chart room: each is drawn as wide as its card, not empty."""
    measure = (
        "<script>document.title = [...document.querySelectorAll('svg')]"
        ".map(svg => Math.round(svg.getBBox().width)).join(' ')</script></body>"
    )
    measured = tmp_path / "measured.html"
    measured.write_text(page.read_text("utf-8").replace("</body>", measure), "utf-8")
    [title] = [text for tag, text in Elements(_dom(measured, tmp_path)).texts if tag == "title"][:1]

    assert all(550 <= int(width) <= 640 for width in title.split())
    assert len(title.split()) == 2


def _dom(page: Path, folder: Path) -> str:
    """Return the page as the browser has it after running it."""
    command = [
        str(BROWSER),
        "--headless",
        "--no-sandbox",  # tests may run as root, in a container
        "--disable-gpu",
        f"--user-data-dir={folder / 'profile'}",
        "--dump-dom",
        page.as_uri(),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
