"""How each command is used, as its `--help` shows it. No library is loaded."""

from typing import Final

EXIT_CODES: Final = "exit codes: 0 fine, 1 findings, regressions or something not judged, 2 bad input"
EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "": (
        "ratchet demo",
        "ratchet audit perf_baselines.json",
        "ratchet compare run-record.json --baselines perf_baselines.json",
        "ratchet tighten run-record.json --baselines perf_baselines.json --write",
    ),
    "audit": (
        "ratchet audit perf_baselines.json",
        "git show main:h100.json > old.json; ratchet audit h100.json --against old.json",
        "ratchet audit h100.json --against old.json --records run-record.json",
        "ratchet audit --rules",
    ),
    "compare": (
        "ratchet compare run-record.json --baselines h100.json",
        "ratchet compare run-record.json --baselines h100.json --scenario 'flux_*' --format markdown",
        "ratchet compare run-record.json --baselines h100.json --history nights --suspects suspects.txt",
        "ratchet compare run-record.json --baselines h100.json --policy sglang",
    ),
    "tighten": (
        "ratchet tighten run-record.json --baselines h100.json",
        "ratchet tighten run-record.json --baselines h100.json --add --write",
        "ratchet tighten run-record.json --baselines h100.json --replace flux_2_ti2i --write",
    ),
    "report": (
        'ratchet report run-record.json --pull 7 --head "$(git rev-parse HEAD)"',
        'GITHUB_TOKEN=... ratchet report h100.json npu.json --pull 7 --head "$SHA" --repository octo/demo',
        "GITHUB_TOKEN=... ratchet report --run-id 25963872007 --repository octo/demo",
    ),
    "respond": ("GITHUB_TOKEN=... ratchet respond --event comment.json",),
    "refresh": ("GITHUB_TOKEN=... ratchet refresh --run-id 25963872007 --repository octo/demo",),
    "history": (
        "git worktree add nights perf-history; ratchet history show 'flux_*' --folder nights",
        "ratchet history plot --folder nights --hardware h100 --baselines h100.json --out page",
        'ratchet history exclude --folder nights --run-id 25963872007 --reason "node 7 was throttled"',
    ),
    "ingest": (
        "ratchet ingest ci-log.txt --hardware h100",
        "ratchet ingest performance.log --hardware h100 --scenario flux_image_t2i --out flux.json",
    ),
    "plan": (
        "ratchet plan perf_baselines.json --shards 3",
        "ratchet plan h100.json --shards 3 --scenario 'wan*' --format json",
        'ratchet plan --config .github/perf-ratchet.yml --shards 2 --format github >> "$GITHUB_OUTPUT"',
    ),
    "init": ("ratchet init", "ratchet init --release octo/perf-ratchet@$SHA"),
    "doctor": ("ratchet doctor", "ratchet doctor --format json"),
    "schema": ("ratchet schema > .github/perf-ratchet.schema.json",),
    "demo": ("ratchet demo", "ratchet demo --folder /tmp/ratchet-demo"),
}
