"""`ratchet audit`: say what is wrong with a baseline file."""

from pathlib import Path

from bot import audit, render
from bot.intake import baselines_from_file


def run(path: Path, form: str) -> int:
    """Print the findings of a baseline file; return 1 when there are errors or warnings, else 0.

    Raises:
        BadInput: the file cannot be used.
    """
    file = baselines_from_file(path)
    findings = audit.audit(file)
    tally = audit.tally(findings)
    if form == "json":
        print(render.to_json(path=str(path), findings=findings, tally=tally))
    else:
        show = render.markdown if form == "markdown" else render.text
        print(show("audit", path=path, findings=findings, tally=tally, scenarios=len(file.scenarios)), end="")
    return int(any(finding.severity != "info" for finding in findings))
