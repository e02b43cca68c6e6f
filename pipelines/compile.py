"""Compile the pipelines to the files that are committed: `python -m pipelines.compile [--check]`.

Compiling takes the SageMaker SDK, publishing and running only these files. `--check` compiles
twice more, the second time as another user, elsewhere, in another time zone, and says whether the
committed files are still exactly what the sources say.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines import validate

ROOT = Path(__file__).parent.parent
COMMITTED = {
    "definition.json": Path("pipelines/tabular/definition.json"),
    "code.json": Path("pipelines/tabular/code.json"),
    "images.json": Path("pipelines/images.json"),
}
# The SDK refuses to be imported without a region, and looks for an account wherever it can.
NOBODY = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SECRET_ACCESS_KEY": "nobody",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "PYTHONWARNINGS": "ignore",
    "SAGEMAKER_VALIDATE_ROLE": "false",
}

type Files = dict[str, str]


def main(argv: Sequence[str] | None = None) -> int:
    """Compile and write, or compile and compare."""
    parser = argparse.ArgumentParser(description="Compile the SageMaker pipelines.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    if parser.parse_args(argv).check:
        wrong, right = check(), "The committed pipelines are exactly what their sources say."
    else:
        wrong, right = write(), f"Wrote {', '.join(map(str, COMMITTED.values()))}."
    print(wrong or right, file=sys.stderr if wrong else sys.stdout)
    return 1 if wrong else 0


def write() -> str:
    """Write the compiled files; what is wrong with them, or nothing."""
    files = compiled(ROOT, {})
    if sentence := refused(files):
        return sentence
    for name, path in COMMITTED.items():
        (ROOT / path).write_text(files[name], encoding="utf-8")
    return ""


def check() -> str:
    """What differs from the committed files, or is wrong with them; empty if nothing."""
    committed = {name: _text(ROOT / path) for name, path in COMMITTED.items()}
    here = compiled(ROOT, {})
    with TemporaryDirectory() as elsewhere:
        copy = Path(elsewhere) / "somewhere" / "else"
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "pipelines", copy / "pipelines", ignore=ignored)
        there = compiled(copy, {"TZ": "Asia/Tokyo", "USER": "another", "PYTHONHASHSEED": "1"})
    for files, when in ((here, ""), (there, " when compiled elsewhere by another user")):
        for name, path in COMMITTED.items():
            if sentence := difference(path, committed[name], files[name]):
                return sentence + when + "; run `python -m pipelines.compile` and commit."
    return refused(here)


def compiled(root: Path, extra: Files) -> Files:
    """The files as a fresh process makes them from the sources below `root`."""
    with TemporaryDirectory() as out, TemporaryDirectory() as home:
        environment = {"PATH": os.defpath, "HOME": home, **NOBODY, **extra}
        subprocess.run(
            [sys.executable, "-m", "pipelines.emit", out],
            cwd=root, env=environment, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        return {name: _text(Path(out) / name) for name in COMMITTED}


def difference(path: Path, old: str, new: str) -> str:
    """Where two versions of a file part, in words; empty if they do not."""
    for number, (was, now) in enumerate(zip_longest(_lines(old), _lines(new)), 1):
        if was != now:
            return f"{path}, line {number}: committed is {_quote(was)}, compiled is {_quote(now)}"
    return ""


def refused(files: Files) -> str:
    """The first thing that SageMaker would refuse; empty if there is none."""
    found = validate.faults(json.loads(files["definition.json"]))
    return f"{COMMITTED['definition.json']}: {found[0]}" if found else ""


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _quote(line: str | None) -> str:
    return "nothing" if line is None else repr(line.strip())


if __name__ == "__main__":
    sys.exit(main())
