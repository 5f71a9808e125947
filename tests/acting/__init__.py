"""GitHub Actions on this machine: the workflow files are executed by act, and talk to the fake GitHub.

    with Actions(github, repository, folder) as actions:
        ran = actions.start("issue_comment", "slash", payload)
        assert ran.jobs == {"respond/slash/respond": "success"}

The callers of a repository, the workflows and the action of this checkout are the shipped files. Stand-ins
are `stubs/` for GitHub's own actions, `install.sh` for the action's, and a server that takes artifacts. act
does not know permissions, concurrency and `job.workflow_repository`.
"""

from acting.actions import Actions, Ran

__all__ = ["Actions", "Ran"]
