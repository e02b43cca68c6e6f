"""This checkout: where its files are, and which commit its pipelines are built from."""

import re
import subprocess
import unicodedata
from pathlib import Path

from steward import digest

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "models"
PIPELINES = ROOT / "pipelines"
TEMPLATE = ROOT / "template.yaml"
EVENTS = ROOT / "events"


def commit_of(folder: Path) -> str:
    """The last commit that changed a folder; `uncommitted-<digest>` when it differs from that."""
    if named := _last_commit(folder, "%H"):
        return named
    content = {
        str(path.relative_to(folder)): path.read_bytes().hex()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    return f"uncommitted-{digest.of(content)[:40]}"


def author_of(folder: Path) -> str:
    """E-mail address and name of the author of that commit; empty when nobody knows.

    Only with the characters that a model package's own metadata may hold.
    """
    author = unicodedata.normalize("NFC", _last_commit(folder, "%ae %an") or "")
    return re.sub(r"[^\w .:/=+@-]", "", author)[:256]


def _last_commit(folder: Path, form: str) -> str | None:
    """The last commit that changed a folder, in git's words; None when it differs from that."""
    changed = _git("status", "--porcelain", "--", str(folder))
    return _git("log", "-1", f"--format={form}", "--", str(folder)) if changed == "" else None


def _git(*arguments: str) -> str | None:
    """What git answers; None where there is no git or no repository."""
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
