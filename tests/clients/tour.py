"""Runs docs/clients.md as it stands, against an embedded AWS that is kept running."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

from cli.local import embedded, target
from cli.people import Person, people
from local_aws.client import LocalAws, Way
from tests.architecture.source import ROOT

PAGE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT = re.compile(r"^(tina|anna)\$ (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A command, whose it is, and what it prints."""

    who: str
    command: str
    printed: str


@dataclass(frozen=True)
class Tour:
    """An embedded AWS, its people, and the folder in which their commands are run."""

    aws: LocalAws
    people: Mapping[str, Person]
    folder: Path

    def run(self, who: str, command: list[str]) -> str:
        """What a command of somebody prints, errors too."""
        person = self.people[who]
        environment = {
            **self.aws.environment(),
            "AWS_ACCESS_KEY_ID": person.access_key_id,
            "AWS_SECRET_ACCESS_KEY": person.secret_access_key,
            "AWS_PAGER": "",
            "COLUMNS": "80",
            "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        }
        ran = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return ran.stdout


def blocks(language: str) -> list[str]:
    """The page's blocks in a language; the plain ones are what programs print."""
    return [text for found, text in BLOCK.findall(PAGE) if found == language]


def steps() -> list[Step]:
    """Every command of the page, in order."""
    found = []
    for block in blocks("console"):
        prompts = list(PROMPT.finditer(block))
        ends = [prompt.start() for prompt in prompts[1:]] + [len(block)]
        for prompt, end in zip(prompts, ends, strict=True):
            found.append(Step(prompt[1], prompt[2], block[prompt.end() + 1 : end]))
    return found


def as_printed(wanted: str, printed: str) -> bool:
    """Whether something was printed as the page has it; `...` stands for anything."""
    pattern = ".*".join(re.escape(part.strip("\n")) for part in wanted.strip().split("..."))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


@contextmanager
def started(folder: Path) -> Iterator[Tour]:
    """An embedded AWS as `steward up` serves it."""
    before = dict(os.environ)
    with embedded(folder / "aws", way=Way(0, hold=False, clock_rate=1.0, keep=False)) as aws:
        found = {one.name.partition(".")[0]: one for one in people(target(aws)).values()}
        os.environ.clear()
        os.environ.update(before)
        boto3.DEFAULT_SESSION = None
        yield Tour(aws, found, folder)
