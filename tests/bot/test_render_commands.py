"""What tighten and a commit say: golden files."""

from collections.abc import Callable

import pytest
from builders import STAGES, make_baselines, make_record, make_request, make_scenario, make_values
from ratchet_bot.data.file_diff import FileDiff
from ratchet_bot.data.settings import Terms
from ratchet_bot.flows.replies import helped
from ratchet_bot.judging.proposals import SLACK_MS, SLACK_RATIO, Proposals
from ratchet_bot.judging.rules.rule import Finding, Severity
from ratchet_bot.judging.tighten import propose
from ratchet_bot.telling import words
from ratchet_bot.telling.audit_report import AuditReport

Golden = Callable[[str, str], None]


def proposals() -> Proposals:
    """Return one tighter baseline of which one value rises, one first, and one that is declined."""
    faster = make_request(
        "r7", e2e_ms=500.0, stages={**STAGES, "TextEncodingStage": 34.0, "DecodingStage": 1.0}
    )
    file = make_baselines({"flux_image_t2i": make_values(), "same": make_values()})
    record = make_record(
        make_scenario("flux_image_t2i", faster), make_scenario("same"), make_scenario("new"), run_id=42
    )
    past = {"flux_image_t2i": {"expected_e2e_ms": [500.0, 505.0, 510.0, 500.0, 498.0] * 5 + [640.0, 501.0]}}
    return propose(file, [record], Terms(add=True), past=past)


def test_tighten_as_text_is_golden(golden: Golden):
    """Old, new, change, origin and chance of each proposal; why the others are none; and the change."""
    diff = FileDiff(("--- a", "+++ b", "-1", "+2"), left_out=3)
    told = words.text(
        "tighten", path="h100.json", proposals=proposals(), diff=diff, written=False, is_new=False
    )

    golden("tighten.txt", told)


def test_tighten_as_markdown_is_golden(golden: Golden):
    """The same for a page."""
    golden("tighten.md", words.markdown("tighten", path="h100.json", proposals=proposals()))


def test_commit_message_is_golden(golden: Golden):
    """A commit says what became how much faster, and nothing that a record can choose but scenario ids."""
    golden("commit.txt", words.text("commit", proposals=proposals(), hardware="h100"))


def test_help_says_what_may_rise():
    """The rule as it is: what decides may rise by the slack of a proposal, the rest may rise."""
    told = helped().body

    assert f"rose by more than {SLACK_RATIO * 100:.0f} % or {SLACK_MS:.0f} ms, whichever is larger" in told


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ((), "🟢 **No errors or warnings** in `h100.json` (3 scenarios). Nothing to do.\n"),
        (
            ("info",),
            "🟢 **No errors or warnings** in `h100.json` (3 scenarios), and 1 note. Nothing to do.\n",
        ),
        (("warning",), "🟡 **1 warning** in `h100.json` (3 scenarios). Each finding says how to fix it.\n"),
        (
            ("info", "error"),
            "🔴 **1 error** in `h100.json` (3 scenarios), and 1 note. Each finding says how to fix it.\n",
        ),
    ],
)
def test_an_audit_counts_errors_warnings_and_notes_apart(findings: tuple[Severity, ...], said: str):
    """A note is no finding that somebody has to mend."""
    found = tuple(
        Finding("rule", one, "flux", "expected_e2e_ms", 1.0, 2.0, "is so", "do") for one in findings
    )
    told = words.markdown("audit", report=AuditReport("h100.json", 3, found), most_listed=9)

    assert told.splitlines(keepends=True)[0] == said
