"""A GitHub on this machine: real HTTP, real state, and faults on demand.

    with FakeGithub() as github:
        hub = quick_hub(github)
        hub.upsert_comment(7, MARKER, MARKER + "hello")
        assert [comment.body for comment in github.comments] == [MARKER + "hello"]

Faults: `fail_next(method, path, status)`, with after=True the effect is applied and only its answer is lost;
`drop_next(...)` cuts the connection instead; `refuse_next(method, path, Refused(...))` says why.
`github.permissions.discard("checks: write")` takes a right from the token. `github.log` has every exchange;
the fixture `github` of tests/bot shows it to `openapi_contract.violations`. Another endpoint is another
function with `@route` in endpoints.py.
"""

from github_fake.quick import HASTE, TOKEN, a_check, quick_hub
from github_fake.server import FakeGithub
from github_fake.wire import Exchange, Refused

__all__ = ["HASTE", "TOKEN", "Exchange", "FakeGithub", "Refused", "a_check", "quick_hub"]
