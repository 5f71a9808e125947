"""What a night says of the issues that it finds."""

from datetime import timedelta

from github_fake import FakeGithub
from history_lines import make_regression
from night_story import AT_ONCE, Story
from ratchet_bot.flows.regression_issues import MOST_ISSUES, Group, OpenRegressions
from ratchet_bot.hosts.states import OpenIssue
from ratchet_bot.judging.open_regressions import Episode
from ratchet_bot.telling.markers import marker_of, memory_of, remembered_in

NAMES = ("flux", "wan", "qwen")
SLOW = {"flux": 1.2}


def group(number: int, issue: OpenIssue | None = None) -> Group:
    """Return a group of one scenario."""
    return Group(number, (Episode((make_regression(f"s{number}"),), is_everywhere=False),), {}, issue, None)


def reported(github: FakeGithub) -> Story:
    """Let an issue about "flux" be open."""
    story = Story(github, NAMES, AT_ONCE)
    story.remember(10)
    story.night(11, SLOW)
    story.night(12, SLOW)
    return story


def test_only_so_many_issues_are_open_at_once():
    """Those that are open stay so; of the others the first ones are opened."""
    known = group(99, OpenIssue(number=8, title="", body=""))
    groups = (known, *map(group, range(30)))

    assert list(OpenRegressions(groups).with_issue) == [known, *map(group, range(MOST_ISSUES - 1))]
    assert len(OpenRegressions(groups).episodes) == 31


def test_a_double_is_closed_and_says_where_it_goes_on(github: FakeGithub):
    """Of two issues with one marker the older one stays, whoever has made the other."""
    story = reported(github)
    [issue] = github.issues.values()
    double = github.issue(github.login, issue.title, issue.body, issue.labels)
    story.night(13, SLOW)

    assert [issue.is_open, double.is_open] == [True, False]
    [last] = github.comments
    assert (last.pull, f"* `flux`: #{issue.number} reports it" in last.body) == (double.number, True)


def test_a_beginning_that_was_thought_to_be_another_stays_in_its_issue(github: FakeGithub):
    """What an issue remembers may be a night off: it is the same issue, under the same marker."""
    story = reported(github)
    [issue] = github.issues.values()
    [was] = remembered_in(issue.body).regressions
    moved = was.model_copy(
        update={
            "bad_run_id": story.runs[12].id,
            "since": was.since + timedelta(days=1),
            "good_sha": was.bad_sha,
        }
    )
    marker = marker_of("h100", moved.bad_run_id)
    issue.body = f"{marker}\n{memory_of([moved])}\n"
    story.night(13, SLOW)

    assert list(github.issues.values()) == [issue]
    assert issue.is_open
    assert issue.body.startswith(f"{marker}\n")
    assert [it.bad_run_id for it in remembered_in(issue.body).regressions] == [was.bad_run_id]


def test_an_issue_of_another_form_is_left_alone(github: FakeGithub):
    """Nobody's are one without a beginning in its first line, and one of a hardware with a like name."""
    story = reported(github)
    [issue] = github.issues.values()
    bodies = [
        "<!-- perf-ratchet:regressions h100 -->\nold",
        issue.body.replace("h100 since", "h100-x since", 1),
    ]
    others = [github.issue(github.login, "Other", body, issue.labels) for body in bodies]
    story.night(13, SLOW)

    assert [(it.title, it.body, it.is_open) for it in others] == [("Other", body, True) for body in bodies]
    assert len(github.issues) == 3
