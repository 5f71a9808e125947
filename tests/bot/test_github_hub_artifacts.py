import pytest
from github_fake import TOKEN, FakeGithub, Refused
from github_fake.wire import Answer
from ratchet_bot.hosts.github import GithubHost
from ratchet_bot.hosts.port import HostRefused
from ratchet_bot.hosts.states import Artifact

ZIP = b"PK\x05\x06" + bytes(18)  # an empty archive
MANY_BYTES = 10_000
DOWNLOAD = r"/actions/artifacts/\d+/zip$"
STORE = "/store/"


def an_artifact(github: FakeGithub, content: bytes = ZIP) -> int:
    return github.artifact(github.run("work"), "perf-records-h100", content).id


def test_artifacts_are_those_of_the_run(github: FakeGithub, hub: GithubHost):
    """All of them, over all pages; not those of another run."""
    run = github.run("work")
    github.artifact(github.run("work"), "other", ZIP)
    made = [github.artifact(run, f"perf-records-h100-{number}", ZIP) for number in range(150)]
    made[1].is_expired = True
    found = hub.artifacts(run.id)
    assert found[:2] == [
        Artifact(artifact_id=made[0].id, name="perf-records-h100-0", size_bytes=22, is_expired=False),
        Artifact(artifact_id=made[1].id, name="perf-records-h100-1", size_bytes=22, is_expired=True),
    ]
    assert len(found) == 150
    assert len(github.api_requests) == 2


def test_an_artifact_costs_one_request_of_the_api(github: FakeGithub, hub: GithubHost):
    """GitHub leads to another host, which gives the bytes."""
    assert hub.artifact(an_artifact(github), MANY_BYTES) == ZIP
    assert [str(it).split("/")[-1] for it in github.log] == ["zip 302", "1002.zip 200"]
    assert len(github.api_requests) == 1


def test_the_other_host_is_not_shown_the_token(github: FakeGithub, hub: GithubHost):
    """Authorization is sent to the API and to nobody else; the other host would refuse it."""
    hub.artifact(an_artifact(github), MANY_BYTES)
    api, store = (it.request.headers for it in github.log)
    assert api["authorization"] == f"token {TOKEN}"
    assert "authorization" not in store
    assert TOKEN not in str(store)
    assert store["host"].startswith("localhost:")


def test_a_netrc_is_not_shown_either(
    github: FakeGithub,
    hub: GithubHost,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
):
    """What a machine keeps for that host stays on the machine."""
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine localhost login me password se-cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert hub.artifact(an_artifact(github), MANY_BYTES) == ZIP


@pytest.mark.parametrize("size", [MANY_BYTES + 1, 10 * 65_536])
def test_more_bytes_than_wanted_are_not_read(github: FakeGithub, hub: GithubHost, size: int):
    """Whatever sizes the host has claimed, what arrives is counted."""
    with pytest.raises(
        HostRefused, match=r"^the artifact is larger than 10,000 bytes; it was not read to its end$"
    ):
        hub.artifact(an_artifact(github, bytes(size)), MANY_BYTES)


def test_as_many_bytes_as_wanted_are_read(github: FakeGithub, hub: GithubHost):
    """The bound itself is allowed."""
    content = b"x" * MANY_BYTES
    assert hub.artifact(an_artifact(github, content), MANY_BYTES) == content


def test_an_expired_artifact_is_told(github: FakeGithub, hub: GithubHost):
    """410 says what to do."""
    run = github.run("work")
    made = github.artifact(run, "perf-records-h100", ZIP, is_expired=True)
    with pytest.raises(
        HostRefused,
        match=rf"^GitHub did not give artifact {made.id} of octo/demo: "
        r"it has expired; run the workflow again: Artifact has expired$",
    ):
        hub.artifact(made.id, MANY_BYTES)


@pytest.mark.parametrize(
    "target", ["ftp://localhost/a.zip", "file:///etc/passwd", "//localhost/a.zip", "a.zip", ""]
)
def test_a_redirect_leads_nowhere_else(github: FakeGithub, hub: GithubHost, target: str):
    """Only to https; here also to http, since this GitHub itself answers on http."""
    github.answer_next("GET", DOWNLOAD, Answer(302, None, {"location": target}))
    with pytest.raises(HostRefused, match=r"^GitHub did not redirect to an https address; nothing was downl"):
        hub.artifact(1, MANY_BYTES)
    assert len(github.log) == 1


def test_a_second_redirect_is_not_followed(github: FakeGithub, hub: GithubHost):
    """One hop is what GitHub promises."""
    github.answer_next("GET", STORE, Answer(302, b"", {"location": f"{github.url}/"}))
    with pytest.raises(HostRefused, match=r"it says 302: the store of artifacts refused$"):
        hub.artifact(an_artifact(github), MANY_BYTES)
    assert len(github.log) == 2


@pytest.mark.parametrize("path", [DOWNLOAD, STORE])
def test_an_outage_of_either_host_is_survived(github: FakeGithub, hub: GithubHost, path: str):
    """A download may be repeated."""
    github.fail_next("GET", path, 503)
    github.drop_next("GET", path)
    assert hub.artifact(an_artifact(github), MANY_BYTES) == ZIP


def test_a_download_that_ends_early_is_repeated(github: FakeGithub, hub: GithubHost):
    """Half a file is none."""
    github.answer_next("GET", STORE, Answer(200, ZIP[:4], {"content-length": "22"}))
    assert hub.artifact(an_artifact(github), MANY_BYTES) == ZIP


def test_an_address_that_has_expired_is_told(github: FakeGithub, hub: GithubHost):
    """The other host's refusal is one line, without the ticket that its address holds."""
    github.answer_next("GET", STORE, Answer(403, b"<Error/>"))
    with pytest.raises(HostRefused) as refused:
        hub.artifact(an_artifact(github), MANY_BYTES)
    assert str(refused.value) == (
        "GitHub did not give artifact 1002 of octo/demo: it says 403: the store of artifacts refused"
    )
    assert refused.value.__cause__ is None


def test_a_missing_permission_is_named(github: FakeGithub, hub: GithubHost):
    """Reading runs and artifacts takes a permission too."""
    run = github.run("work")
    github.permissions.discard("actions: read")
    with pytest.raises(HostRefused, match=r'give the job "permissions: \{actions: read\}"$'):
        hub.artifacts(run.id)


def test_a_store_that_is_gone_is_told(github: FakeGithub, hub: GithubHost):
    """A connection that cannot be made is told by its kind."""
    github.drop_next("GET", STORE, times=3)
    with pytest.raises(HostRefused, match=r"it does not answer \(ConnectionError\); run it again later"):
        hub.artifact(an_artifact(github), MANY_BYTES)


def test_a_long_rate_limit_is_told(github: FakeGithub, hub: GithubHost):
    """Downloads are counted by GitHub as any request is."""
    github.refuse_next("GET", DOWNLOAD, Refused(429, "Too many requests", headers={"retry-after": "3600"}))
    with pytest.raises(HostRefused, match=r"its rate limit is used up; run it again in 3600 s$"):
        hub.artifact(an_artifact(github), MANY_BYTES)
