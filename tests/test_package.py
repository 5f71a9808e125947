"""What `make package` has built: complete, and at work in environments that have nothing else."""

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from builders import make_baselines, make_record, make_request, make_scenario, make_values
from git_folder import git
from ratchet_profiler.record import record_to_json

pytestmark = pytest.mark.package
ROOT = Path(__file__).parent.parent
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
PAGES = [
    f"tests/test_{name}.py" for name in ("library", "operations", "readme", "rules_pages", "scenarios_page")
]


def built(pattern: str) -> Path:
    """Return the one file of this kind in dist/."""
    (file,) = (ROOT / "dist").glob(pattern)
    return file


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return the unpacked sdist."""
    with tarfile.open(built("*.tar.gz")) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / f"perf_ratchet-{VERSION}"


@pytest.fixture(scope="module", params=["wheel", "sdist"])
def programs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of an environment with what was built and the packages that it needs."""
    folder = tmp_path_factory.mktemp(request.param)
    wheel = built("*.whl") if request.param == "wheel" else wheel_of_sdist(folder)
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pip = [folder / "venv/bin/python", "-m", "pip", "install", "--quiet", "--no-deps"]
    lock = ROOT / "requirements-bot.lock"
    subprocess.run([*pip, "--require-hashes", "--only-binary", ":all:", "--requirement", lock], check=True)
    subprocess.run([*pip, "--no-index", wheel], check=True)
    return folder / "venv/bin"


def wheel_of_sdist(folder: Path) -> Path:
    """Return the wheel that the sdist gives, built with the packages of this environment."""
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", folder]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, built("*.tar.gz")], check=True)
    return folder / built("*.whl").name


def test_the_commands_work(programs: Path, tmp_path: Path):
    """The bot audits and compares, the profiler lists: words, templates and scenarios are in the package."""
    (tmp_path / "h100.json").write_text(make_baselines({"flux": make_values()}).text)
    (tmp_path / "run.json").write_bytes(record_to_json(make_record(make_scenario("flux", make_request()))))
    told = {}
    for command in (
        "perf-ratchet --version",
        "perf-ratchet audit h100.json",
        "perf-ratchet compare run.json --baselines h100.json",
        "ratchet-profiler list",
    ):
        program, *arguments = command.split()
        ran = subprocess.run(
            [programs / program, *arguments],
            cwd=tmp_path,
            env={},
            capture_output=True,
            text=True,
            check=False,
        )
        told[command] = (ran.returncode, ran.stdout.splitlines(), ran.stderr)

    version, audit, compare, scenarios = told.values()
    assert version == (0, [f"perf-ratchet {VERSION}"], "")
    assert (audit[0], audit[1][-1]) == (1, "h100.json: 1 scenario, 1 warning, 1 note")
    assert compare[1][0] == "No regression: 1 scenario on h100 within its limits"
    assert any(line.startswith("flux_tiny_t2i") for line in scenarios[1])


def test_nothing_has_a_name_that_others_use(programs: Path):
    """Two programs and two packages, and nothing called `ratchet`, `bot` or `profiler`."""
    ours = {path.name for path in programs.iterdir() if "ratchet" in path.name}
    look = "from importlib.util import find_spec; print(find_spec('bot'), find_spec('profiler'))"
    found = subprocess.run(
        [programs / "python", "-I", "-c", look], capture_output=True, text=True, check=True
    )

    assert ours == {"perf-ratchet", "ratchet-profiler"}
    assert found.stdout == "None None\n"


def test_both_ways_give_the_same_wheel(tmp_path: Path):
    """What an index serves as a wheel is what its sdist gives."""
    with zipfile.ZipFile(built("*.whl")) as wheel, zipfile.ZipFile(wheel_of_sdist(tmp_path)) as again:
        assert {(file.filename, file.CRC) for file in wheel.filelist} == {
            (file.filename, file.CRC) for file in again.filelist
        }


def test_the_sdist_is_the_whole_repository(tree: Path):
    """Every file that git knows, with the metadata of the package, and nothing that merely lay about."""
    held = {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}

    assert held == {*git(ROOT, "ls-files", "-z").strip("\0").split("\0"), "PKG-INFO"}


def test_the_sdist_has_what_its_tests_need(tree: Path):
    """In the unpacked sdist all tests are found, and the pages are what they should be."""
    pytest_here = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    for arguments in (["--collect-only", "-m", "not package"], PAGES):
        ran = subprocess.run(
            [*pytest_here, *arguments], cwd=tree, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout
