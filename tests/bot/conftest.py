"""What the bot's tests share."""

from collections.abc import Iterator

import pytest
from github_fake import FakeGithub
from openapi_contract import is_available, violations


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    """Give a GitHub whose every exchange is held against GitHub's own description afterwards."""
    with FakeGithub() as fake:
        yield fake
    if is_available():
        assert [wrong for exchange in fake.log for wrong in violations(exchange)] == []
