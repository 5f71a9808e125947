"""How much of its lists a text can show: the greatest size that fits, in few texts."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ratchet_bot.telling.render import GUESSES, longest_fitting

LIMIT_BYTES = 60_000


class Texts:
    """Texts of these lengths by size, and the sizes that were asked for."""

    def __init__(self, lengths: list[int]) -> None:
        """Nothing is asked for yet."""
        self.lengths = lengths
        self.asked: list[int] = []

    def __call__(self, size: int) -> str:
        """Write one."""
        self.asked.append(size)
        return "x" * self.lengths[size]

    def fitting(self, most_bytes: int) -> int:
        """Return how long the longest is that fits."""
        return len(longest_fitting(self, len(self.lengths) - 1, most_bytes))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.integers(0, 1000))
def test_it_is_the_longest_that_fits(growth: list[int], most_bytes: int):
    """Whatever the texts grow by, it is the longest of those that fit, and the shortest where none does."""
    lengths = list(accumulate(growth))
    fitting = [length for length in lengths if length <= most_bytes]

    assert Texts(lengths).fitting(most_bytes) == max(fitting, default=lengths[0])


def test_bytes_count_and_not_characters():
    """A character of two bytes counts twice."""
    assert longest_fitting(lambda size: "é" * size, 10, 9) == "éééé"


def test_what_fits_is_written_once():
    """Where everything fits, nothing is looked for."""
    texts = Texts([10, 20, 30])

    assert (texts.fitting(30), texts.asked) == (30, [2])


def test_even_the_shortest_may_be_too_long():
    """Where nothing fits it is the shortest, however alike they are."""
    assert Texts([5] * 9).fitting(3) == 5


@pytest.mark.parametrize(
    ("row_bytes", "detail_bytes", "asked"),
    [(30, 250, [1000, 0, 500, 680, 681]), (150, 700, [1000, 0, 500, 400, 401])],
    ids=["details", "rows"],
)
def test_a_comment_takes_few_texts(row_bytes: int, detail_bytes: int, asked: list[int]):
    """Rows up to the middle, and larger details from there: five texts say how much fits, not a dozen."""
    texts = Texts([row_bytes * min(size, 500) + detail_bytes * max(size - 500, 0) for size in range(1001)])

    assert texts.fitting(LIMIT_BYTES) > LIMIT_BYTES - detail_bytes
    assert texts.asked == asked


def test_uneven_texts_take_few_more_than_halving():
    """Where guesses do not help, they are given up: halving 1023 sizes takes ten."""
    texts = Texts([*[0] * 800, *[LIMIT_BYTES * 100] * 224])

    assert texts.fitting(LIMIT_BYTES) == 0
    assert len(texts.asked) <= 2 + GUESSES + 10
