"""What a baseline file says of its hardware: times of a CPU do not go into the file of an H100."""

import json
from pathlib import Path

import pytest
from builders import OLD_STAGES, make_baselines, make_record, make_scenario, make_values
from ratchet_bot.__main__ import main
from ratchet_bot.judging.comparability import other_hardware, other_hardware_in
from ratchet_profiler.record import RunRecord, record_to_json

POOL = "CI H100 80GB pool"
REFUSED = (
    "perf-ratchet: record.json: measured on cpu, no accelerator is known, but h100.json is of "
    "'CI H100 80GB pool' by its metadata.hardware; give the baselines of cpu, "
    "or say in .github/perf-ratchet.yml that these are\n"
)
REFUSED_TO_WRITE = (
    "perf-ratchet: record.json: measured on cpu, but h100.json is of 'CI H100 80GB pool' by its "
    "metadata.hardware; give the baselines of cpu, or say with --hardware NAME what both are of\n"
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


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (("compare",), REFUSED),
        (("tighten", "--write"), REFUSED_TO_WRITE),
        (("tighten", "--add", "--write"), REFUSED_TO_WRITE),
    ],
)
def test_times_of_a_cpu_stay_out(
    command: tuple[str, ...], line: str, folder: Path, capsys: pytest.CaptureFixture[str]
):
    """One line says both hardwares and what to do, and the file stays as it was."""
    before = (folder / "h100.json").read_bytes()
    name, *options = command

    assert main([name, "record.json", "--baselines", "h100.json", *options]) == 2
    assert capsys.readouterr() == ("", line)
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


@pytest.mark.parametrize(
    ("words", "hardware", "other"),
    [
        ("h100", "cpu", "h100"),
        ("h100", "h100", ""),
        ("perf_h100", "h100-80gb", ""),
        ("ascend", "cpu", "ascend"),
        ("5090_2026-10", "cpu", "5090"),
        ("mi300x", "cpu", "mi300x"),
        ("cpu", "ascend", "cpu"),
        ("baselines_2026-10", "cpu", ""),
        ("new", "cpu", ""),
        ("perf_baselines", "cpu", ""),
        ("pool_7", "cpu", "pool_7"),
        ("pool_8", "cpu", ""),
        ("Two CPUs beside an H100", "cpu", ""),
    ],
)
def test_a_name_names_a_hardware_that_is_known(words: str, hardware: str, other: str):
    """A kind that everybody's files are named after, or one of the configuration; other names are of any."""
    assert other_hardware_in(words, without_accelerator(hardware), ["pool_7"]) == other


@pytest.mark.parametrize(
    ("words", "other"),
    [("h100", ""), ("b200", "b200"), ("npu", "npu"), ("CI A2 64GB pool", ""), ("CI B200 pool", "b200")],
)
def test_an_accelerator_is_known_by_its_product(words: str, other: str):
    """A run on "NVIDIA H100 80GB HBM3" that calls itself cuda is of an H100."""
    assert other_hardware_in(words, make_record(hardware="cuda")) == other


def test_an_ascend_device_is_an_npu():
    """As sglang's file of its Ascend pool is called."""
    record = make_record(hardware="ascend")
    on_cann = record.environment.model_copy(update={"cann": "8.2", "accelerator": None})

    assert other_hardware_in("npu", record.model_copy(update={"environment": on_cann})) == ""


def test_a_new_file_is_of_the_hardware_that_its_name_says(folder: Path, capsys: pytest.CaptureFixture[str]):
    """The README's lines once made h100.json of a CPU record without a word; nothing is made now."""
    options = ("tighten", "record.json", "--baselines", "b200.json", "--add", "--write")

    assert main([*options]) == 2
    assert capsys.readouterr().err == (
        "perf-ratchet: record.json: measured on cpu, but b200.json is of 'b200' by its name; "
        "give the baselines of cpu, or say with --hardware NAME what both are of\n"
    )
    assert not (folder / "b200.json").exists()


@pytest.mark.parametrize("hardware", ["cpu", "b200"])
def test_a_person_says_what_both_are_of(hardware: str, folder: Path, capsys: pytest.CaptureFixture[str]):
    """Then nothing is held against it, and the new file says so of itself."""
    options = ("--baselines", "b200.json", "--add", "--write", "--hardware", hardware)

    assert main(["tighten", "record.json", *options]) == 0
    assert capsys.readouterr().err == ""
    assert json.loads((folder / "b200.json").read_text())["metadata"]["hardware"] == hardware


def test_a_person_is_believed_over_the_configuration(folder: Path, capsys: pytest.CaptureFixture[str]):
    """The file is that of h100 there; what is no name of a hardware is refused."""
    (folder / ".github").mkdir()
    (folder / ".github/perf-ratchet.yml").write_text("hardware: {h100: {baselines: h100.json}}\n")
    options = ["tighten", "record.json", "--baselines", "h100.json"]

    assert main(options) == 2
    assert main([*options, "--hardware", "cpu"]) == 0
    capsys.readouterr()
    with pytest.raises(SystemExit, match="2"):
        main([*options, "--hardware", "An H100"])
    assert capsys.readouterr().err.endswith("'An H100' is not the name of a hardware, such as h100\n")


def test_a_file_that_names_its_hardware_is_believed_over_its_name(folder: Path):
    """A person called it so, and its metadata says otherwise."""
    (folder / "h100.json").write_text(make_baselines({}, metadata={"hardware": "cpu"}).text)

    assert main(["tighten", "record.json", "--baselines", "h100.json", "--add"]) == 0
