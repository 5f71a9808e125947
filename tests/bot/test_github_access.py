import functools
import logging

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from github_fake import HASTE, TOKEN, FakeGithub, Refused
from github_fake.state import App
from ratchet_bot.hosts.github import GithubHost, github_host_from_environment
from ratchet_bot.hosts.port import HostRefused

MARKER = "<!-- perf-ratchet -->"
README = ("main", "README.md")
APP_TOKEN = "ghs_an-installation-token-that-must-not-be-seen"  # noqa: S105 - opens nothing


@functools.cache
def keys() -> tuple[str, str]:
    """Return a private and a public key in PEM. 2048 bits: the least that GitHub takes."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@pytest.fixture
def app(github: FakeGithub) -> dict[str, str]:
    """Give the environment of a GitHub App that is installed in the repository."""
    private, public = keys()
    github.app = App("123456", "perf-ratchet-octo", public, APP_TOKEN)
    return {
        "GITHUB_API_URL": github.url,
        "PERF_RATCHET_APP_ID": "123456",
        "PERF_RATCHET_APP_KEY": private,
        "GITHUB_TOKEN": TOKEN,
    }


def hub(environ: dict[str, str]) -> GithubHost:
    return github_host_from_environment("octo/demo", environ, HASTE)


def test_a_workflows_token_writes_as_the_workflows_bot(github: FakeGithub):
    """GITHUB_TOKEN alone is enough, and costs no request before the first one."""
    found = hub({"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": github.url, "PERF_RATCHET_APP_ID": ""})
    assert found.login == "github-actions[bot]"
    assert github.log == []
    found.upsert_comment(7, MARKER, MARKER)
    assert [it.author for it in github.comments] == ["github-actions[bot]"]


def test_a_persons_token_writes_as_the_person(github: FakeGithub):
    """Whose it is has to be said, so that comments are found again."""
    environ = {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": github.url, "PERF_RATCHET_LOGIN": "maintainer"}
    github.login = "maintainer"
    github.comment(7, "github-actions[bot]", MARKER)
    github.comment(7, "maintainer", MARKER)
    hub(environ).upsert_comment(7, MARKER, f"{MARKER} new")
    assert [it.body for it in github.comments] == [MARKER, f"{MARKER} new"]


def test_without_an_address_it_is_github_com():
    """Nothing is asked yet; only GitHub itself is asked later."""
    found = github_host_from_environment("octo/demo", {"GITHUB_TOKEN": TOKEN})
    assert found._client._requester.base_url == "https://api.github.com"


def test_an_app_writes_as_itself(github: FakeGithub, app: dict[str, str]):
    """Two requests: where it is installed, and a token for this repository alone; then that token is used."""
    found = hub(app)
    assert found.login == "perf-ratchet-octo[bot]"
    assert github.api_requests == [
        "GET /repos/octo/demo/installation 200",
        "POST /app/installations/42/access_tokens 201",
    ]
    found.upsert_comment(7, MARKER, MARKER)
    found.upsert_comment(7, MARKER, f"{MARKER} new")
    assert [(it.author, it.body) for it in github.comments] == [("perf-ratchet-octo[bot]", f"{MARKER} new")]
    assert {it.request.headers["authorization"] for it in github.log[2:]} == {f"token {APP_TOKEN}"}


def test_an_apps_token_survives_an_outage(github: FakeGithub, app: dict[str, str]):
    """Asking for another token does no harm."""
    github.fail_next("POST", "/access_tokens$", 502, after=True)
    assert hub(app).login == "perf-ratchet-octo[bot]"


def test_no_secret_of_an_app_is_seen(
    github: FakeGithub, app: dict[str, str], caplog: pytest.LogCaptureFixture
):
    """Neither key nor proof nor token is in a message, a log line or a repr, even if GitHub echoes them."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "github")  # as a person does who looks for an error
    caplog.set_level(logging.NOTSET, "github.Requester")
    found = hub(app)
    found.upsert_comment(7, MARKER, MARKER)
    proof = github.log[0].request.headers["authorization"].split()[1]
    secrets = (APP_TOKEN, proof, *app["PERF_RATCHET_APP_KEY"].splitlines()[1:-1])
    github.refuse_next("PATCH", "/issues/", Refused(422, f"you sent {APP_TOKEN}"))
    with pytest.raises(HostRefused, match=r"you sent \*\*\*$") as refused:
        found.upsert_comment(7, MARKER, f"{MARKER} new")
    seen = [*caplog.messages, repr(found), str(refused.value), repr(refused.value.__context__)]
    assert [it for it in seen for secret in secrets if secret in it] == []


def test_an_echoed_proof_is_not_seen(github: FakeGithub, app: dict[str, str]):
    """What the app shows to GitHub instead of a token is as secret as one."""
    github.refuse_next("GET", "/installation$", Refused(401, "A JSON web token could not be decoded: eyJ"))
    with pytest.raises(HostRefused) as refused:
        hub(app)
    assert str(refused.value) == (
        "GitHub did not let the app into octo/demo: is it installed there?: the token is not accepted; "
        "it may have expired: A JSON web token could not be decoded: eyJ"
    )


def test_an_app_that_is_not_installed_is_told(github: FakeGithub, app: dict[str, str]):
    """The question says what to look at."""
    github.app = None
    with pytest.raises(
        HostRefused, match=r"^GitHub did not let the app into octo/demo: is it installed there\?: not found"
    ):
        hub(app)


@pytest.mark.parametrize("key", ["se-cret", "-----BEGIN RSA PRIVATE KEY-----\nse-cret\n"])
def test_a_key_that_is_none_is_told_without_it(github: FakeGithub, app: dict[str, str], key: str):
    """A broken secret is one line, before anything is asked."""
    with pytest.raises(HostRefused) as refused:
        hub({**app, "PERF_RATCHET_APP_KEY": key})
    assert str(refused.value) == "the GitHub App's key is not a private key in PEM: pass the whole .pem file"
    assert refused.value.__cause__ is None
    assert github.log == []


def test_half_an_app_is_told(app: dict[str, str]):
    """An empty secret is the usual mistake of a first try."""
    with pytest.raises(
        HostRefused, match=r"^a GitHub App needs both PERF_RATCHET_APP_ID and PERF_RATCHET_APP"
    ):
        hub({**app, "PERF_RATCHET_APP_KEY": ""})


def test_nothing_at_all_is_told():
    """No token, no app."""
    with pytest.raises(HostRefused, match=r"^GITHUB_TOKEN is not set: pass it to the step$"):
        github_host_from_environment("octo/demo", {})


@pytest.mark.parametrize("repository", ["demo", "octo/", "/demo", "octo/demo/x", ""])
def test_a_name_that_is_no_repository_is_told(repository: str):
    """Before it becomes part of an address."""
    with pytest.raises(HostRefused, match=r" is not a repository name; expected owner/name$"):
        GithubHost(repository, TOKEN)


def test_github_enterprise_has_other_addresses(github: FakeGithub):
    """REST is below /api/v3 and GraphQL at /api/graphql; artifacts and further pages are found too."""
    github.prefix = "/api/v3"
    github.url += github.prefix
    found = hub({"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": github.url})
    for number in range(150):
        github.comment(7, "a-person", f"{number}")
    made = github.artifact(github.run("work"), "perf-records-h100", b"PK")
    assert found.files_at([README]) == {README: b"# demo\n"}
    assert found.artifact(made.id, 99) == b"PK"
    found.upsert_comment(7, MARKER, MARKER)
    assert [it.request.sent for it in github.log] == [
        "/api/graphql",
        f"/api/v3/repos/octo/demo/actions/artifacts/{made.id}/zip",
        f"/store/{made.id}.zip?sig=se-cret",
        "/api/v3/repos/octo/demo/issues/7/comments?per_page=100",
        "/api/v3/repos/octo/demo/issues/7/comments?page=2&per_page=100",
        "/api/v3/repos/octo/demo/issues/7/comments",
    ]
