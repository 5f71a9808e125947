"""What an attacker writes into names, messages, comments and artifacts, and how it must look in the end."""

import re
from html import unescape

import cmarkgfm
from cmarkgfm.cmark import Options
from ratchet_bot.data.formatting import ZERO_WIDTH_SPACE
from zips import RECORD_NAME, make_member, make_overlapping, make_zip

LINES = (
    "@octocat @octo/team please look",
    "&#64;octocat",
    "#123 GH-123 octo/demo#5",
    "https://evil.example/x www.evil.example me@evil.example",
    "::error title=x::hi",
    "::set-output name=pull::8",
    "##[add-path]/tmp/evil",
    "<script>alert(1)</script><img src=//evil.example/x onerror=alert(1)>",
    "</details></summary></td></table></code></sub>",
    "<!-- perf-ratchet:report -->",
    "<!-- perf-ratchet:state {} -->",
    "--> <!--",
    "[click](javascript:alert(1)) ![i](http://evil.example/x)",
    "`code` ``more`` **bold** ~~gone~~ $math$",
    "a | b | c",
    "$(touch PWNED) `touch PWNED` ; touch PWNED #",
    "${{ secrets.GITHUB_TOKEN }} ${{ github.event.comment.body }}",
    "{{ 7 * 7 }} {% include '/etc/passwd' %}",
    "0123456789abcdef0123456789abcdef01234567",
    "../../.github/workflows/profile.yml",
    ":rocket: \\` \\| \\\\ \\",
    "/tighten-baselines --from-run 1",
    "\u202eright to left\u2066 \u200b \U000e0041",
    "%0A%0A## heading",
    "x" * 200,
)
"""Each on one line, and short enough for a name."""

BLOCKS = (
    "```\nfence\n````\n# out\n",
    "\n\n# heading\n\n* list\n\n> quote\n\n---\n",
    "a | b\n--- | ---\nnew | row",
    "</details>\n\n@octocat\n\n<details>",
    "line\r\nbreak\rand\x0bmore\x0c\x85\u2028",
    "[x]: http://evil.example\n\n[x]",
)
"""Over several lines, as messages may be."""

RECORD_SPACES = 20_000_000
ZIPS = {
    "no zip": b"\x7fELF",
    "nothing": b"",
    "no record": make_zip(("pull.txt", b"9\n::set-output name=pull::9")),
    "climbing": make_zip(("../../../../tmp/run-record.json", b"{}"), ("/etc/cron.d/x", b"* * * * * root id")),
    "two records": make_zip((RECORD_NAME, b"{}"), (RECORD_NAME, b"{}")),
    "hidden name": make_zip((RECORD_NAME + "~", b"{}")).replace(b"~", b"\0"),
    "bomb": make_zip((RECORD_NAME, b" " * RECORD_SPACES)),
    "encrypted": make_member(b"{}", flag_bits=1),
    "wrong checksum": make_member(b"{}", CRC=1),
    "link": make_member(b"/etc/passwd", external_attr=0o120777 << 16),
    "overlapping": make_overlapping(b"{}"),
    "crowd": make_zip(*((str(number), b"") for number in range(300))),
    "zip in zip": make_zip((RECORD_NAME, make_zip((RECORD_NAME, b"{}")))),
    "not a number": make_zip((RECORD_NAME, b'{"schema_version": NaN}')),
    "deep": make_zip((RECORD_NAME, b"[" * 100_000), method=0),
    "long number": make_zip((RECORD_NAME, b'{"schema_version": ' + b"9" * 10_000 + b"}"), method=0),
    "loud key": make_zip((RECORD_NAME, b'{"@octocat </details> `x`": 1}')),
}
"""Artifacts that hold no record."""

_TAGS = {
    *("a", "code", "details", "hr", "li", "p", "pre", "strong", "sub", "summary"),
    *("table", "tbody", "td", "th", "thead", "tr", "ul"),
}
_LINKED = re.compile(r"@\w|(?<!\w)#\d|GH-\d|\bwww\.|://|\b[0-9a-f]{7,40}\b")
"""What GitHub would make a mention or a link of."""
_OURS = re.compile(r"(in|after|Merge) #\d+")
"""Numbers of pull requests that we name ourselves."""
_OWN = ("https://github.com/octo/demo/", "https://github.com/octo/demo")


def assert_inert(body: str) -> None:
    """Fail when a comment holds anything but our own structure, mentions somebody, or leads elsewhere."""
    rendered = str(cmarkgfm.github_flavored_markdown_to_html(body, options=Options.CMARK_OPT_UNSAFE))
    outside = re.sub(r"<(code|pre)[^>]*>.*?</\1>|<!--.*?-->", " ", rendered, flags=re.DOTALL)
    words = unescape(re.sub(r"<[^>]+>", " ", outside))
    assert set(re.findall(r"</?([a-zA-Z0-9]+)", re.sub(r"<!--.*?-->", "", rendered))) <= _TAGS
    assert all(link.startswith(_OWN) for link in re.findall(r'href="([^"]*)"', rendered))
    assert _LINKED.findall(_OURS.sub(" ", words)) == []
    for tag in ("details", "summary", "sub", "table", "pre"):
        assert rendered.count(f"<{tag}") == rendered.count(f"</{tag}>"), tag
    assert [line for line in body.split("\n")[2:] if "<!--" in line] == []
    assert ZERO_WIDTH_SPACE + "<!--" not in body
