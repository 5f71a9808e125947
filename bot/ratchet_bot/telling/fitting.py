"""How much of its lists a text can show within a limit of bytes, found by writing it few times. Pure."""

from collections.abc import Callable
from itertools import count
from typing import Final

GUESSES: Final = 4
"""Sizes that are guessed before halving, which is never slow. Chosen: the comments seen so far take three."""


def longest_fitting(text_of: Callable[[int], str], most: int, most_bytes: int) -> str:
    """Return the text of the greatest size that is at most so many bytes; of size 0 when none is.

    To write a text is what takes long. Up to the middle, and from there on, texts grow about evenly: so after
    the middle a size is tried where a straight line through the ends of what is not known yet meets the
    limit, and after `GUESSES` of these always the one in the middle.

    Args:
        text_of: Size -> text, of which a greater one is not shorter.
        most: The greatest size.
        most_bytes: In UTF-8.

    Source: the method of false position (regula falsi).
    """

    def over_bytes(text: str) -> int:
        return len(text.encode()) - most_bytes

    long = text_of(most)
    if over_bytes(long) <= 0:
        return long
    fitting, low, high = text_of(0), 0, most
    if over_bytes(fitting) > 0:
        return fitting
    for guess in count():
        if high - low <= 1:
            break
        line = over_bytes(fitting) / (over_bytes(fitting) - over_bytes(long))
        share = line if 0 < guess <= GUESSES else 0.5
        tried = min(low + max(int(share * (high - low)), 1), high - 1)
        text = text_of(tried)
        if over_bytes(text) <= 0:
            fitting, low = text, tried
        else:
            long, high = text, tried
    return fitting
