"""The pages on lineage, governance and operations name commands that there are."""

import re
from pathlib import Path

import pytest

from cli.main import main

DOCS = Path(__file__).parent.parent.parent / "docs"
RUNBOOKS = sorted(f"runbooks/{page.name}" for page in (DOCS / "runbooks").glob("*.md"))
PAGES = ("governance.md", "lineage.md", "rollout.md", "messages.md", *RUNBOOKS)


def commands(text: str) -> set[str]:
    """The command after each `steward` that stands in code."""
    text = text.replace("```", "")  # half of a fence would pair with a quotation mark of code
    code = re.findall(r"`([^`]+)`|^(?: {2,}|\$ )?(\S*steward .+)$", text, re.MULTILINE)
    lines = [one or other for one, other in code]
    return {found[1] for line in lines if (found := re.search(r"\bsteward ([a-z-]+)", line))}


@pytest.mark.parametrize("page", PAGES)
def test_each_command_exists(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    named = commands((DOCS / page).read_text(encoding="utf-8"))
    assert named
    with pytest.raises(SystemExit):
        main(["--help"])
    known = set(re.findall(r"^    ([a-z-]+)", capsys.readouterr().out, re.MULTILINE))
    assert named <= known, named - known
