"""What a baseline file says of its hardware: times of a CPU do not go into the file of an H100."""

import json
from pathlib import Path

import pytest
from builders import OLD_STAGES, make_baselines, make_record, make_scenario, make_values
from ratchet_bot.__main__ import main
from ratchet_bot.judging.named_hardware import other_hardware
from ratchet_profiler.record import RunRecord, record_to_json

POOL = "CI H100 80GB pool"
REFUSED = (
    "perf-ratchet: record.json: measured on cpu, no accelerator is known, but h100.json is of "
    "'CI H100 80GB pool' by its metadata.hardware; give the baselines of cpu, "
    "or say in .github/perf-ratchet.yml that these are\n"
)


def without_accelerator(hardware: str) -> RunRecord:
    record = make_record(make_scenario(), hardware=hardware, run_id=7)
    return record.model_copy(
        update={"environment": record.environment.model_copy(update={"accelerator": None})}
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder: a file that names its hardware, and a record of a CPU."""
    monkeypatch.chdir(tmp_path)
    slow = {"flux": make_values(e2e_ms=1000.0, stages=OLD_STAGES)}
    (tmp_path / "h100.json").write_text(make_baselines(slow, metadata={"hardware": POOL}).text)
    (tmp_path / "record.json").write_bytes(record_to_json(without_accelerator("cpu")))
    return tmp_path


@pytest.mark.parametrize(
    ("hardware", "named", "other"),
    [
        ("cpu", POOL, POOL),
        ("h100", POOL, ""),
        ("cpu", "Two CPUs", ""),
        ("cpu", None, ""),
        ("cpu", 7, ""),
        ("cpu", "", ""),
    ],
)
def test_the_words_contain_the_hardware(hardware: str, named: object, other: str):
    """In whatever case; a file that says nothing, or no words, is not held against a run."""
    file = make_baselines(metadata={} if named is None else {"hardware": named})

    assert other_hardware(file, without_accelerator(hardware)) == other


def test_an_accelerator_speaks_for_itself():
    """Its product is in the key by which runs compare."""
    assert other_hardware(make_baselines(metadata={"hardware": "CI A2 64GB pool"}), make_record()) == ""


@pytest.mark.parametrize("command", [("compare",), ("tighten", "--write"), ("tighten", "--add", "--write")])
def test_times_of_a_cpu_stay_out(command: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]):
    """One line says both hardwares and what to do, and the file stays as it was."""
    before = (folder / "h100.json").read_bytes()
    name, *options = command

    assert main([name, "record.json", "--baselines", "h100.json", *options]) == 2
    assert capsys.readouterr() == ("", REFUSED)
    assert (folder / "h100.json").read_bytes() == before


@pytest.mark.parametrize("command", ["compare", "tighten"])
def test_the_configuration_knows_better(command: str, folder: Path, capsys: pytest.CaptureFixture[str]):
    """It says that this is the file of cpu: sglang's file of its Ascend pool does not say Ascend."""
    (folder / ".github").mkdir()
    (folder / ".github/perf-ratchet.yml").write_text("hardware: {cpu: {baselines: h100.json}}\n")

    assert main([command, "record.json", "--baselines", "h100.json"]) == 0
    assert capsys.readouterr().err == ""


def test_a_new_file_names_the_hardware_of_its_records(folder: Path):
    """So the next run of another one is recognised."""
    assert main(["tighten", "record.json", "--baselines", "new.json", "--add", "--write"]) == 0
    assert json.loads((folder / "new.json").read_text())["metadata"]["hardware"] == "cpu"

    (folder / "record.json").write_bytes(record_to_json(without_accelerator("ascend")))
    assert main(["tighten", "record.json", "--baselines", "new.json", "--add", "--write"]) == 2
