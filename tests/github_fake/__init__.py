"""A GitHub on this machine: real HTTP, real state, a real git repository, and faults on demand.

    with FakeGithub() as github:
        hub = quick_hub(github)
        hub.upsert_comment(7, MARKER, MARKER + "hello")
        assert [comment.body for comment in github.comments] == [MARKER + "hello"]

It begins with a branch "main" and pull request 7 from a branch "work" of `octo/demo`. People and forks:

    github.commit("slow", {"src.py": b"..."}, "Slow", author="stranger", repository="stranger/demo")
    pull = github.pull("slow", repository="stranger/demo", author="stranger")
    run = github.run("slow", repository="stranger/demo")
    github.artifact(run, "perf-records-h100", content_of_a_zip)

Any git may look: `git clone {github.git.path}`. A fork's branches are refs/forks/{owner}/{name}/heads/*.
Only "maintainer" and "writer" may write (`github.people`). A deleted fork is `pull.head_repository = None`.

Faults: `fail_next(method, path, status)`, with after=True the effect is applied and only its answer is lost;
`drop_next(...)` cuts the connection instead, `hang_next(...)` never answers; `refuse_next(method, path,
Refused(...))` says why; `answer_next(...)` says anything. `github.permissions.discard("checks: write")` takes
a right from the token; `meanwhile(method, path, act)` lets somebody else be faster. `github.log` has every
exchange, `github.api_requests` what counts for a budget; the fixture `github` of tests/bot holds the log
against GitHub's descriptions of its REST and its GraphQL API.
Another endpoint is another function with `@route` in endpoints/.
"""

from github_fake.quick import HASTE, TOKEN, a_check, quick_hub
from github_fake.server import FakeGithub
from github_fake.wire import Exchange, Refused

__all__ = ["HASTE", "TOKEN", "Exchange", "FakeGithub", "Refused", "a_check", "quick_hub"]
