"""A fake GitHub whose every exchange is held against GitHub's own descriptions."""

from collections.abc import Iterator
from contextlib import contextmanager

import graphql_contract
import openapi_contract
from github_fake import FakeGithub


@contextmanager
def described(github: FakeGithub) -> Iterator[FakeGithub]:
    """Let a GitHub listen; when it stops, nothing that was said may be against GitHub's descriptions."""
    with github:
        yield github
    for contract in (openapi_contract, graphql_contract):
        if contract.is_available():
            assert [wrong for exchange in github.log for wrong in contract.violations(exchange)] == []
