"""`perf-ratchet init` beside sglang's baseline files: at their places and names."""

from pathlib import Path

import pytest
from builders import make_baselines, make_values
from git_folder import git
from ratchet_bot.__main__ import main
from ratchet_bot.adoption.scaffold import SGLANG
from ratchet_bot.data.settings_file import settings_from_yaml
from sglang_files import FOLDER

OF_MAY_2026 = {name: paths[0] for name, paths in SGLANG.items()}
OF_JULY_2026 = {name: paths[-1] for name, paths in SGLANG.items()}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to an empty git repository."""
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """Run it; return the exit code, and the lines on stdout."""
    code = main(["init", "--release", f"octo/perf-ratchet@{'0123456789' * 4}"])
    return code, capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("layout", [OF_MAY_2026, OF_JULY_2026], ids=["one file", "split by platform"])
def test_the_layout_of_sglang_is_found(
    repository: Path, layout: dict[str, str], capsys: pytest.CaptureFixture[str]
):
    """Its two baseline files stay where they are, the configuration points at them, both are audited."""
    wrong = make_values(expected_avg_denoise_ms=132.32, expected_load_ms=40799.72)
    for path, values in zip(layout.values(), ({"wan": wrong}, {}), strict=True):
        (repository / path).parent.mkdir(parents=True)
        (repository / path).write_text(make_baselines(values).text)
    code, out = init(capsys)
    settings = settings_from_yaml((repository / ".github/perf-ratchet.yml").read_text())

    assert code == 0
    assert {name: one.baselines for name, one in settings.hardware.items()} == layout
    assert not (repository / ".github/perf-baselines").exists()
    assert [line for line in out if line.startswith(f"audited {layout['h100']}: 1 scenario, 1 error, ")]
    assert "pip install --editable 'python[diffusion]'" in (repository / ".github/perf-setup.sh").read_text()


def test_baselines_that_nothing_measures_are_said(repository: Path, capsys: pytest.CaptureFixture[str]):
    """Beside sglang's baselines the built-in scenarios judge nothing: init, plan and doctor say so."""
    path = OF_MAY_2026["h100"]
    (repository / path).parent.mkdir(parents=True)
    (repository / path).write_text(make_baselines({"wan_t2v": make_values()}).text)
    _, out = init(capsys)
    codes = [main(["doctor"]), main(["plan", "--config", ".github/perf-ratchet.yml", "--shards", "1"])]
    told, err = capsys.readouterr()
    alone = "none of the baseline scenarios is among the scenarios that are measured on h100"

    assert (
        "  or make records of your existing tests: perf-ratchet ingest; "
        "see docs/operations.md of perf-ratchet\n"
        "  until then the tiny built-in scenarios run and none of your baselines is judged: "
        in "\n".join(out)
    )
    assert codes == [1, 0]
    assert f"problem  scenarios: {alone}: nothing is judged" in told.splitlines()
    assert err == f"perf-ratchet: {path}: {alone}; see perf-ratchet doctor\n"


def test_a_copy_of_sglang_is_audited_at_once(repository: Path, capsys: pytest.CaptureFixture[str]):
    """On its files of May 2026, one command ends with both audited; what it wrote is usable."""
    for path, name in zip(OF_MAY_2026.values(), ("h100", "npu"), strict=True):
        (repository / path).parent.mkdir(parents=True, exist_ok=True)
        (repository / path).write_bytes((FOLDER / f"{name}_2026-05-17_after_25510.json").read_bytes())
    code, out = init(capsys)
    audited = [line.split(", ")[0] for line in out if line.startswith("audited ")]

    assert code == 0
    assert audited == [
        f"audited {OF_MAY_2026['ascend']}: 5 scenarios",
        f"audited {OF_MAY_2026['h100']}: 46 scenarios",
    ]
    assert main(["plan", "--config", ".github/perf-ratchet.yml", "--shards", "2"]) == 0
