"""This checkout: where its files are, and which commit its pipelines are built from."""

import subprocess
from pathlib import Path

from steward import digest

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "models"
PIPELINES = ROOT / "pipelines"
TEMPLATE = ROOT / "template.yaml"
EVENTS = ROOT / "events"


def commit_of(folder: Path) -> str:
    """The last commit that changed a folder; `uncommitted-<digest>` when it differs from that."""
    named = _git("log", "-1", "--format=%H", "--", str(folder))
    changed = _git("status", "--porcelain", "--", str(folder))
    if named and changed == "":
        return named
    content = {
        str(path.relative_to(folder)): path.read_bytes().hex()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    return f"uncommitted-{digest.of(content)[:40]}"


def _git(*arguments: str) -> str | None:
    """What git answers; None where there is no git or no repository."""
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
