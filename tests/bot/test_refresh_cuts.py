"""A night broken off before each of its requests: done again, or left to the next night, it is mended."""

import copy
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from http import HTTPStatus
from typing import Any

import pytest
from builders import make_baselines, make_values
from contracts import described
from github_fake import FakeGithub
from github_fake.state import Run, State
from night_story import AT_ONCE, BASELINES, TWO_KINDS, Story
from ratchet_bot.hosts.port import HostRefused

pytestmark = pytest.mark.faults

NAMES = ("flux", "wan")
SLOW = {"flux": 1.2}
SLOWER = {"wan": 1.3}


def first(story: Story) -> Run:
    """The first night of all: it makes the history branch."""
    return story.ran(1)


def opening(story: Story) -> Run:
    """A night that opens a pull request."""
    story.remember(3)
    return story.ran(4, {"flux": 0.8})


def revising(story: Story) -> Run:
    """A night that finds more, on a base that has moved on, for a pull request that is open."""
    story.remember(3)
    story.night(4, {"flux": 0.8})
    more = make_baselines({**{name: make_values() for name in NAMES}, "new": make_values()})
    story.github.commit("main", {BASELINES: more.text.encode()}, "Add new", author="maintainer")
    return story.ran(5, {"flux": 0.8, "wan": 0.7})


def withdrawing(story: Story) -> Run:
    """A night on which nothing is left to propose."""
    story.remember(3)
    story.night(4, {"flux": 0.8})
    return story.ran(5)


def reporting(story: Story) -> Run:
    """A night that opens an issue."""
    story.remember(10)
    story.night(11, SLOW)
    return story.ran(12, SLOW)


def accepting(story: Story) -> Run:
    """A night that proposes what a person has accepted."""
    story.refreshed(reporting(story))
    next(iter(story.github.issues.values())).labels.append("perf-loosen")
    return story.ran(13, SLOW)


def closing(story: Story) -> Run:
    """A night that closes an issue."""
    story.refreshed(reporting(story))
    for night in range(13, 17):
        story.night(night, SLOW)
    story.night(17)
    return story.ran(18)


def second(story: Story) -> Run:
    """A night that changes an issue and opens another."""
    story.remember(10)
    story.night(11, SLOW)
    story.night(12, SLOW | SLOWER)
    return story.ran(13, SLOW | SLOWER)


def handing_over(story: Story) -> Run:
    """A night that closes an issue and opens another."""
    story.refreshed(reporting(story))
    for night in range(13, 17):
        story.night(night, SLOW)
    story.night(17, SLOWER)
    return story.ran(18, SLOWER)


def both(make: Callable[[Story], Run]) -> Callable[[Story], Run]:
    """The same on two kinds of hardware."""

    def made(story: Story) -> Run:
        other = Story(story.github, NAMES, TWO_KINDS, hardware=("h100", "ascend"))
        vars(story).update(vars(other))
        return make(story)

    return made


NIGHTS: Mapping[str, tuple[Callable[[Story], Run], Mapping[str, float]]] = {
    "the first": (first, {}),
    "opens a pull request": (opening, {"flux": 0.8}),
    "revises a pull request": (revising, {"flux": 0.8, "wan": 0.7}),
    "closes a pull request": (withdrawing, {}),
    "opens an issue": (reporting, SLOW),
    "proposes what was accepted": (accepting, SLOW),
    "closes an issue": (closing, {}),
    "opens two pull requests": (both(opening), {"flux": 0.8}),
    "revises two pull requests": (both(revising), {"flux": 0.8, "wan": 0.7}),
    "closes two pull requests": (both(withdrawing), {}),
    "closes two issues": (both(closing), {}),
    "opens a second issue": (both(second), SLOW | SLOWER),
    "closes an issue and opens another": (both(handing_over), SLOWER),
}
"""How each begins, and how fast the scenarios are in the night after it."""
LATER = 20
"""The night after it."""


@contextmanager
def copied(github: FakeGithub) -> Iterator[FakeGithub]:
    """Give another GitHub on which the same has happened."""
    other = type(github)()
    for field in fields(State):
        setattr(other, field.name, copy.deepcopy(getattr(github, field.name)))
    other._ids = itertools.count(5001)
    with described(other):
        yield other


def cut(story: Story, run: Run, requests: int) -> bool:
    """Refresh, with a token that is taken away after so many requests; return whether that hurt."""
    story.github.fail_next("", "", HTTPStatus.UNAUTHORIZED, times=10**6, skip=requests)
    try:
        story.refreshed(run)
    except HostRefused:
        return True
    finally:
        story.github._faults.clear()
    return False


def shown(github: FakeGithub) -> Any:
    """Return everything that lasts: files by branch, pull requests, issues, and what was said."""
    return (
        {name: github.head(name).files for name in github.branches if "/draft/" not in name},
        [(it.head_branch, it.title, it.body, it.is_open) for it in github.pulls.values()],
        [(it.title, it.body, it.is_open) for it in github.issues.values()],
        [(it.pull, it.body) for it in github.comments],
    )


def pointless(github: FakeGithub) -> list[int]:
    """Return the open pull requests without a commit of their own: GitHub would have closed them."""
    main = {it.sha for it in github.git.past(github.branches["main"])}
    return [it.number for it in github.pulls.values() if it.is_open and it.head_sha in main]


def outline(github: FakeGithub) -> Any:
    """Return what there is, whatever the numbers in it are."""
    return (
        [(it.head_branch, it.title, it.is_open) for it in github.pulls.values()],
        [(it.title, it.is_open) for it in github.issues.values()],
        [it.pull for it in github.comments],
    )


@pytest.mark.parametrize("kind", NIGHTS)
def test_a_night_cut_anywhere_is_mended(kind: str):
    """Cut before any request and run again, a night leaves what it leaves uncut; so does the next night."""
    make, scales = NIGHTS[kind]
    with described(FakeGithub()) as before:
        story = Story(before, NAMES, AT_ONCE)
        run = make(story)
        with copied(before) as github:
            told = story.on(github)
            told.refreshed(run)
            whole, requests = shown(github), len(github.log)
            told.night(LATER, scales)
            later = outline(github)
        seen: list[Any] = []
        for sent in range(requests):
            with copied(before) as github:
                assert cut(story.on(github), run, sent)
                assert kind.startswith("closes") or not pointless(github)
                if shown(github) in seen:  # what was asked changed nothing: this has been looked at
                    continue
                seen.append(shown(github))
                with copied(github) as following:
                    story.on(following).night(LATER, scales)
                    assert outline(following) == later
                story.on(github).refreshed(run)
                assert shown(github) == whole
        assert len(seen) > 1
