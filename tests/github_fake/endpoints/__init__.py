"""What the fake GitHub answers: a module a theme, a function an endpoint."""

from github_fake.endpoints import actions, checks, conversation, git, graphql, people, proposals
from github_fake.endpoints.routes import answer

__all__ = ["actions", "answer", "checks", "conversation", "git", "graphql", "people", "proposals"]
