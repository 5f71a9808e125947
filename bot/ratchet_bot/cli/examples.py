"""How each command is used, as its `--help` shows it. No library is loaded."""

from typing import Final

EXIT_CODES: Final = "exit codes: 0 fine, 1 findings, regressions or something not judged, 2 bad input"
EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "": (
        "perf-ratchet demo",
        "perf-ratchet audit perf_baselines.json",
        "perf-ratchet compare run-record.json --baselines perf_baselines.json",
        "perf-ratchet tighten run-record.json --baselines perf_baselines.json --write",
    ),
    "audit": (
        "perf-ratchet audit perf_baselines.json",
        "git show main:h100.json > old.json; perf-ratchet audit h100.json --against old.json",
        "perf-ratchet audit h100.json --against old.json --records run-record.json",
        "perf-ratchet audit --rules",
    ),
    "compare": (
        "perf-ratchet compare run-record.json --baselines h100.json",
        "perf-ratchet compare run-record.json --baselines h100.json --scenario 'flux_*' --format markdown",
        "perf-ratchet compare run-record.json --baselines h100.json --history nights --suspects suspects.txt",
        "perf-ratchet compare run-record.json --baselines h100.json --policy sglang",
    ),
    "tighten": (
        "perf-ratchet tighten run-record.json --baselines h100.json",
        "perf-ratchet tighten run-record.json --baselines h100.json --add --write",
        "perf-ratchet tighten run-record.json --baselines h100.json --replace flux_2_ti2i --write",
    ),
    "report": (
        'perf-ratchet report run-record.json --pull 7 --head "$(git rev-parse HEAD)"',
        'GITHUB_TOKEN=... perf-ratchet report h100.json npu.json --pull 7 --head "$SHA" --repository o/demo',
        "GITHUB_TOKEN=... perf-ratchet report --run-id 25963872007 --repository octo/demo",
    ),
    "respond": ("GITHUB_TOKEN=... perf-ratchet respond --event comment.json",),
    "refresh": ("GITHUB_TOKEN=... perf-ratchet refresh --run-id 25963872007 --repository octo/demo",),
    "history": (
        "git worktree add nights perf-history; perf-ratchet history show 'flux_*' --folder nights",
        "perf-ratchet history plot --folder nights --hardware h100 --baselines h100.json --out page",
        'perf-ratchet history exclude --folder nights --run-id 25963872007 --reason "node 7 was throttled"',
    ),
    "ingest": (
        "perf-ratchet ingest ci-log.txt --hardware h100",
        "perf-ratchet ingest performance.log --hardware h100 --scenario flux_image_t2i --out flux.json",
    ),
    "plan": (
        "perf-ratchet plan perf_baselines.json --shards 3",
        "perf-ratchet plan h100.json --shards 3 --scenario 'wan*' --format json",
        'perf-ratchet plan --config .github/perf-ratchet.yml --shards 2 --format github >> "$GITHUB_OUTPUT"',
    ),
    "init": ("perf-ratchet init", "perf-ratchet init --release octo/perf-ratchet@$SHA"),
    "doctor": ("perf-ratchet doctor", "perf-ratchet doctor --format json"),
    "schema": ("perf-ratchet schema > .github/perf-ratchet.schema.json",),
    "demo": ("perf-ratchet demo", "perf-ratchet demo --folder /tmp/ratchet-demo"),
}
