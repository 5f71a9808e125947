"""What the bot's tests share."""

from collections.abc import Iterator

import graphql_contract
import openapi_contract
import pytest
from github_fake import FakeGithub


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    """Give a GitHub whose every exchange is held against GitHub's own descriptions afterwards."""
    with FakeGithub() as fake:
        yield fake
    for contract in (openapi_contract, graphql_contract):
        if contract.is_available():
            assert [wrong for exchange in fake.log for wrong in contract.violations(exchange)] == []
