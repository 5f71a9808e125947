"""How a pull request stands on GitHub: all that a command has to know of it, in one query."""

from typing import Final

from ratchet_bot.hosts import states
from ratchet_bot.hosts.github.source import CONTENT, SETTLED, Source
from ratchet_bot.hosts.github.standing_answers import Standing

STANDING: Final = f"""
query Standing($owner: String!, $name: String!, $number: Int!, $config: String!, $own: String!) {{
  repository(owner: $owner, name: $name) {{
    id
    defaultBranchRef {{ name }}
    config: object(expression: $config) {{ ...content }}
    pullRequest(number: $number) {{
      ...pull ...settled
      baseRef {{ target {{ oid }} }}
      commits(last: 100) {{ nodes {{ commit {{ ...made }} }} }}
    }}
    own: ref(qualifiedName: $own) {{
      target {{ oid ... on Commit {{ history(first: 100) {{ nodes {{ ...made }} }} }} }}
      associatedPullRequests(first: 100, orderBy: {{field: CREATED_AT, direction: DESC}}) {{
        nodes {{ ...pull }}
      }}
    }}
  }}
}}
fragment pull on PullRequest {{
  number state headRefOid headRefName headRepository {{ nameWithOwner }} baseRefName baseRefOid
  author {{ __typename login }} labels(first: 100) {{ nodes {{ name }} }}
}}
fragment made on Commit {{ oid message authoredDate committedDate author {{ name user {{ login }} }} }}
{CONTENT}{SETTLED}"""
"""Of each list the most that GitHub gives at once."""


class Standings(Source):
    """Pull requests, as a command sees them. See `port.Host`."""

    def pull_state(self, number: int, config: str, branch: str) -> states.PullState:
        """Return how a pull request stands, all in one request. See `port.Host`."""
        call = self._call(f"show #{number}", "pull-requests: read")
        return self._settle(call, lambda: self._pull_state(number, config, branch))

    def _pull_state(self, number: int, config: str, branch: str) -> states.PullState:
        owner, name = self._repository.split("/")
        whose = {"owner": owner, "name": name, "number": number}
        places = {"config": f"HEAD:{config}", "own": f"refs/heads/{branch}"}
        found = Standing.model_validate(self._client.graphql(STANDING, whose | places)).repository
        self._node = found.id
        pull, default = found.pull, found.default_branch
        return states.PullState(
            pull=pull.seen(default),
            commits=tuple(it.commit.seen() for it in reversed(pull.commits)),
            settled_at=pull.settled_at,
            base_head=pull.base.target.oid if pull.base else None,
            config=self._content(found.config),
            own=found.own.seen(default) if found.own else None,
        )
