"""Reads of `port.Host` that look at many things in one GraphQL query."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from ratchet_bot.hosts import states
from ratchet_bot.hosts.github.graphql_models import (
    BranchAnswer,
    DefaultBranchAnswer,
    PullStateAnswer,
    RepositoryStateAnswer,
)
from ratchet_bot.hosts.github.reads import CONTENT, SETTLED, Reads

MOST_COMMITS: Final = 50
"""Commits read of a pull request. Chosen: one of the bot, and merges of the base by people."""
MOST_PATHS: Final = 2
"""Files read of a pull request. Chosen: the bot changes one, so a second one is somebody else's."""

DEFAULT_BRANCH: Final = f"""query Begin($owner: String!, $name: String!, $path: String!) {{
  repository(owner: $owner, name: $name) {{
    defaultBranchRef {{
      name target {{ oid ... on Commit {{ file(path: $path) {{ object {{ ...content }} }} }} }}
    }}
  }}
}}
{CONTENT}"""
_LATEST_PULL: Final = f"""first: 1, orderBy: {{field: CREATED_AT, direction: DESC}}) {{ nodes {{ ...pull
        commits(first: {MOST_COMMITS}) {{
          totalCount nodes {{ commit {{ ...made file(path: $path) {{ oid }} }} }}
        }}
      }} }}"""
PULLS: Final = f"""
      open: associatedPullRequests(states: [OPEN], {_LATEST_PULL}
      closed: associatedPullRequests(states: [CLOSED, MERGED], {_LATEST_PULL}"""
"""The open pull request of a branch, and the newest one that is not open."""
REPOSITORY_STATE: Final = f"""query Seen($owner: String!, $name: String!, $label: String!$variables) {{
  home: repository(owner: $owner, name: $name) {{
    id label(name: $label) {{ id }}
    issues(first: 100, states: [OPEN], labels: [$label]) {{
      nodes {{ id number title body author {{ __typename login }} labels(first: 100) {{ nodes {{ name }} }} }}
    }}
  }}
  branches: repository(owner: $owner, name: $name) {{
$branches
  }}
}}
{CONTENT}
fragment pull on PullRequest {{
  id number state title body headRefOid baseRefName
  labels(first: 100) {{ nodes {{ name }} }} files(first: {MOST_PATHS}) {{ nodes {{ path }} }}
}}
fragment made on Commit {{
  oid message author {{ name user {{ login }} }} parents(first: 3) {{ nodes {{ oid }} }}
}}"""

PULL_STATE: Final = f"""
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
"""Each list has the most that GitHub gives at once."""


class Snapshots(Reads):
    """The default branch, the bot's branches and issues, and a pull request. See `port.Host`."""

    def default_branch(self, path: str) -> states.DefaultBranch:
        """Return the default branch with one file of it. See `port.Host`."""
        call = self._call(f"show {path} on the default branch", "contents: read")

        def read() -> states.DefaultBranch:
            data = self._client.graphql(DEFAULT_BRANCH, {**self._owner_and_name(), "path": path})
            answer = DefaultBranchAnswer.model_validate(data)
            content = self._content(answer.file.object if answer.file else None)
            return states.DefaultBranch(answer.name, content)

        return self._settle(call, read)

    def repository_state(
        self, files: Mapping[str, Sequence[str]], proposals: Mapping[str, str], label: str
    ) -> states.RepositoryState:
        """Return branches and the bot's open issues, in one request. See `port.Host`."""
        call = self._call(f"show {len(files) + len(proposals)} branches", "contents: read")
        return self._settle(call, lambda: self._repository_state(files, proposals, label))

    def pull_state(self, number: int, config: str, branch: str) -> states.PullState:
        """Return the state of a pull request, in one request. See `port.Host`."""
        call = self._call(f"show #{number}", "pull-requests: read")
        variables = {"number": number, "config": f"HEAD:{config}", "own": f"refs/heads/{branch}"}

        def read() -> states.PullState:
            data = self._client.graphql(PULL_STATE, {**self._owner_and_name(), **variables})
            answer = PullStateAnswer.model_validate(data["repository"])
            self._node = answer.id
            pull = answer.pull
            return states.PullState(
                pull=pull.as_state(answer.default_branch),
                commits=tuple(pull_commit.commit.as_state() for pull_commit in reversed(pull.commits)),
                settled_at=pull.settled_at,
                base_head=pull.base_head,
                config=self._content(answer.config),
                own=answer.own.as_state(answer.default_branch) if answer.own else None,
            )

        return self._settle(call, read)

    def _repository_state(
        self, files: Mapping[str, Sequence[str]], proposals: Mapping[str, str], label: str
    ) -> states.RepositoryState:
        paths = {**files, **{branch: (path,) for branch, path in proposals.items()}}
        query, variables = repository_state_query(paths, proposals)
        data = self._client.graphql(query, {**self._owner_and_name(), **variables, "label": label})
        answer = RepositoryStateAnswer.model_validate(data)
        self._node = answer.id
        self._labels = {label: answer.label_id} if answer.label_id else {}
        return states.RepositoryState(
            branches={
                branch: self._branch(branch, answer.branches[f"branch{number}"], paths[branch])
                for number, branch in enumerate(paths)
            },
            issues=[
                issue.as_state()
                for issue in answer.issues
                if issue.author is not None and issue.author.full_login == self._login
            ],
        )

    def _branch(self, name: str, branch: BranchAnswer | None, paths: Sequence[str]) -> states.BranchSnapshot:
        if branch is None:
            return states.BranchSnapshot(name=name, head=None, files=dict.fromkeys(paths))
        pulls = [*branch.open, *branch.closed]
        return states.BranchSnapshot(
            name=name,
            head=branch.head,
            files={path: self._content(branch.blob(f"file{number}")) for number, path in enumerate(paths)},
            pull=pulls[0].as_state() if pulls else None,
        )


def repository_state_query(
    paths: Mapping[str, Sequence[str]], proposals: Collection[str]
) -> tuple[str, dict[str, str]]:
    """Return a query and its variables: every name is a variable, none is in the query's text.

    Args:
        paths: The paths of the requested files by branch.
        proposals: The branches that have pull requests, which change their one file.
    """
    variables: dict[str, str] = {}
    branches = []
    for number, (branch, branch_paths) in enumerate(paths.items()):
        path_variables = {f"path{number}x{index}": path for index, path in enumerate(branch_paths)}
        variables |= {f"branch{number}": f"refs/heads/{branch}", **path_variables}
        files = " ".join(
            f"file{index}: file(path: ${name}) {{ object {{ ...content }} }}"
            for index, name in enumerate(path_variables)
        )
        pulls = PULLS.replace("$path", f"$path{number}x0") if branch in proposals else ""
        branches.append(
            f"    branch{number}: ref(qualifiedName: $branch{number}) {{\n"
            f"      target {{ oid ... on Commit {{ __typename {files} }} }}{pulls}\n    }}"
        )
    declared = "".join(f", ${name}: String!" for name in variables)
    query = REPOSITORY_STATE.replace("$variables", declared).replace("$branches", "\n".join(branches))
    return query, variables
