import pytest
from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.judging.verdicts import Outcome
from ratchet_bot.telling.markers import MARKER, State, is_posted, state_line, state_of, succeeding


def make_state(
    run_id: int = 42, attempt: int = 1, outcome: Outcome = Outcome.UNCHANGED, **fields: Outcome
) -> State:
    return State(run_id=run_id, attempt=attempt, outcome=outcome, **fields)


def body_of(state: State) -> str:
    return f"{MARKER}\n{state_line(state)}\nAll is well."


def test_a_comment_remembers_what_it_tells_of():
    """Run, attempt, outcome and the outcome before are read back from the comment itself."""
    state = make_state(outcome=Outcome.REGRESSED, before=Outcome.IMPROVED)

    assert state_of(body_of(state)) == state


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        MARKER,
        f"{MARKER}\nAll is well.",
        body_of(make_state()).replace("All", "all").replace(MARKER, "<!-- other -->"),
        f"{MARKER}\nAll is well.\n{state_line(make_state())}",
        f"{MARKER}\n> {state_line(make_state())}",
        f"{MARKER}\n{state_line(make_state())} and more",
        f'{MARKER}\n<!-- perf-ratchet:state {{"run_id":1}} -->',
        f'{MARKER}\n<!-- perf-ratchet:state {{"run_id":"1","attempt":1,"outcome":"improved"}} -->',
        f'{MARKER}\n<!-- perf-ratchet:state {{"run_id":1,"attempt":1,"outcome":"great"}} -->',
        f'{MARKER}\n<!-- perf-ratchet:state {{"run_id":1,"attempt":1,"outcome":"improved","pull":8}} -->',
        f"{MARKER}\n<!-- perf-ratchet:state {'[' * 300} -->",
    ],
)
def test_what_is_no_state_line_counts_as_none(body: str | None):
    """A line in another place, of another form or with more in it is not believed."""
    assert state_of(body) is None


@given(st.text(max_size=300))
def test_any_second_line_is_harmless(line: str):
    """No text in the place of the state raises."""
    state_of(f"{MARKER}\n{line}")
    state_of(f"{MARKER}\n<!-- perf-ratchet:state {line} -->")


@pytest.mark.parametrize("known", [(43, 1), (42, 3)])
def test_an_older_run_does_not_succeed_a_newer_one(known: tuple[int, int]):
    """A run that finished late, or an earlier attempt of the same run, leaves the comment as it is."""
    assert succeeding(make_state(42, 2), body_of(make_state(*known))) is None


@pytest.mark.parametrize(
    ("before", "now", "worsened"),
    [
        (Outcome.UNCHANGED, Outcome.REGRESSED, True),
        (Outcome.IMPROVED, Outcome.REGRESSED, True),
        (Outcome.INCOMPLETE, Outcome.REGRESSED, True),
        (Outcome.REGRESSED, Outcome.REGRESSED, False),
        (Outcome.REGRESSED, Outcome.UNCHANGED, False),
        (Outcome.UNCHANGED, Outcome.INCOMPLETE, False),
    ],
)
def test_only_a_turn_to_the_worse_is_worth_a_word_of_its_own(before: Outcome, now: Outcome, worsened: bool):  # noqa: FBT001 - parametrized
    """Nobody is notified of an edit, so the turn to a regression is told apart, once."""
    state = succeeding(make_state(43, outcome=now), body_of(make_state(42, outcome=before)))

    assert state is not None
    assert state.has_worsened is worsened


def test_a_first_comment_is_no_turn():
    """Everybody is notified of a new comment."""
    state = succeeding(make_state(outcome=Outcome.REGRESSED), None)

    assert state is not None
    assert not state.has_worsened


def test_a_run_that_is_told_again_remembers_what_was_before_it():
    """When only the extra word was lost, telling the run again still knows that it is due."""
    first = succeeding(make_state(43, outcome=Outcome.REGRESSED), body_of(make_state(42)))
    assert first is not None

    assert succeeding(make_state(43, outcome=Outcome.REGRESSED), body_of(first)) == first


@pytest.mark.parametrize(
    ("setting", "tells", "exists", "posted"),
    [
        ("always", False, False, True),
        ("never", True, True, False),
        ("changes", False, False, False),
        ("changes", True, False, True),
        ("changes", False, True, True),
    ],
)
def test_when_a_comment_is_written(setting: str, tells: bool, exists: bool, posted: bool):  # noqa: FBT001 - parametrized
    """Quiet until there is something to tell; then kept true."""
    assert is_posted(setting, tells=tells, exists=exists) is posted
