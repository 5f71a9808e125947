"""All that a night looks at, in one request: branches with their files and pull requests, and issues."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from ratchet_bot.hosts import states
from ratchet_bot.hosts.github.seen_answers import Begin, Branch, Entry, Seen
from ratchet_bot.hosts.github.source import CONTENT, Source

MOST_COMMITS: Final = 50
"""Commits that are told of a pull request. Chosen: one of the bot, and merges of the base by people."""
MOST_PATHS: Final = 2
"""Files that are told of a pull request. Chosen: the bot changes one, so that a second is somebody else's."""

BEGIN: Final = f"""query Begin($owner: String!, $name: String!, $path: String!) {{
  repository(owner: $owner, name: $name) {{
    defaultBranchRef {{
      name target {{ oid ... on Commit {{ file(path: $path) {{ object {{ ...content }} }} }} }}
    }}
  }}
}}
{CONTENT}"""
_ONE: Final = f"""first: 1, orderBy: {{field: CREATED_AT, direction: DESC}}) {{ nodes {{ ...pull
        commits(first: {MOST_COMMITS}) {{
          totalCount nodes {{ commit {{ ...made file(path: $path) {{ oid }} }} }}
        }}
      }} }}"""
PULLS: Final = f"""
      open: associatedPullRequests(states: [OPEN], {_ONE}
      closed: associatedPullRequests(states: [CLOSED, MERGED], {_ONE}"""
"""Of a branch: the pull request that is open, and the newest that is not."""
SEEN: Final = f"""query Seen($owner: String!, $name: String!, $label: String!$variables) {{
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


class Sight(Source):
    """What a night looks at. See `port.Host`."""

    def default_branch(self, path: str) -> states.DefaultBranch:
        """Return the name of the default branch and a file of it. See `port.Host`."""
        call = self._call(f"show {path} on the default branch", "contents: read")
        return self._settle(call, lambda: self._begin(path))

    def repository_state(
        self, files: Mapping[str, Sequence[str]], proposals: Mapping[str, str], label: str
    ) -> states.RepositoryState:
        """Return branches as they are, and the bot's open issues, in one request. See `port.Host`."""
        call = self._call(f"show {len(files) + len(proposals)} branches", "contents: read")
        return self._settle(call, lambda: self._see(files, proposals, label))

    def _begin(self, path: str) -> states.DefaultBranch:
        found = Begin.model_validate(self._client.graphql(BEGIN, {**self._owner_and_name(), "path": path}))
        entry = found.target["file"]
        return states.DefaultBranch(
            found.name, self._content(entry.object if isinstance(entry, Entry) else None)
        )

    def _see(
        self, files: Mapping[str, Sequence[str]], proposals: Mapping[str, str], label: str
    ) -> states.RepositoryState:
        wanted = {**files, **{branch: (path,) for branch, path in proposals.items()}}
        query, asked = seen_query(wanted, proposals)
        found = Seen.model_validate(
            self._client.graphql(query, {**self._owner_and_name(), **asked, "label": label})
        )
        self._node = found.home.id
        self._labels = {label: found.home.label.id} if found.home.label else {}
        return states.RepositoryState(
            branches={
                branch: self._branch(branch, found.branches[f"branch{number}"], wanted[branch])
                for number, branch in enumerate(wanted)
            },
            issues=[it.seen() for it in found.home.issues if it.is_of(self._login)],
        )

    def _branch(self, name: str, found: Branch | None, paths: Sequence[str]) -> states.BranchSnapshot:
        if found is None:
            return states.BranchSnapshot(name=name, head=None, files=dict.fromkeys(paths))
        pulls = [*found.open, *found.closed]
        return states.BranchSnapshot(
            name=name,
            head=found.head,
            files={path: self._content(found.blob(f"file{at}")) for at, path in enumerate(paths)},
            pull=pulls[0].seen() if pulls else None,
        )

    def _owner_and_name(self) -> dict[str, str]:
        owner, name = self._repository.split("/")
        return {"owner": owner, "name": name}


def seen_query(wanted: Mapping[str, Sequence[str]], proposals: Collection[str]) -> tuple[str, dict[str, str]]:
    """Return a query, and its variables: every name is in them, none in the query's text.

    Args:
        wanted: The paths of files by branch.
        proposals: Which of these branches have pull requests, that change the one file of theirs.
    """
    asked: dict[str, str] = {}
    told = []
    for number, (branch, paths) in enumerate(wanted.items()):
        places = {f"path{number}x{at}": path for at, path in enumerate(paths)}
        asked |= {f"branch{number}": f"refs/heads/{branch}", **places}
        files = " ".join(
            f"file{at}: file(path: ${name}) {{ object {{ ...content }} }}" for at, name in enumerate(places)
        )
        pulls = PULLS.replace("$path", f"$path{number}x0") if branch in proposals else ""
        told.append(
            f"    branch{number}: ref(qualifiedName: $branch{number}) {{\n"
            f"      target {{ oid ... on Commit {{ __typename {files} }} }}{pulls}\n    }}"
        )
    variables = "".join(f", ${name}: String!" for name in asked)
    return SEEN.replace("$variables", variables).replace("$branches", "\n".join(told)), asked
