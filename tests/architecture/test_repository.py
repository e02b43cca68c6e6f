"""What holds for the files of the repository as a whole."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
each_lock = pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)


def pins(lock: Path) -> dict[str, str]:
    """Package -> version of a lock."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(), re.MULTILINE))


def test_there_is_a_lock_for_each_use() -> None:
    names = {lock.stem for lock in LOCKS}
    assert names == {"functions", "demo", "dev", "sam", "scan", "pipelines", "uv"}


@each_lock
def test_a_lock_names_no_host(lock: Path) -> None:
    text = lock.read_text()
    assert not re.search(r"https?:|--(extra-)?index|--find-links", text)


@each_lock
def test_every_package_of_a_lock_has_one_version_and_its_hashes(lock: Path) -> None:
    blocks = re.split(r"\n(?=\S)", lock.read_text().strip())
    packages = [block for block in blocks if not block.startswith("#")]
    assert packages
    assert [one for one in packages if "==" not in one or "--hash=sha256:" not in one] == []


@pytest.mark.parametrize(("smaller", "larger"), [("functions", "demo"), ("demo", "dev")])
def test_a_package_has_the_same_version_wherever_both_locks_are_installed(
    smaller: str, larger: str
) -> None:
    requirements = ROOT / "requirements"
    assert (
        pins(requirements / f"{smaller}.txt").items()
        <= pins(requirements / f"{larger}.txt").items()
    )


def test_the_layer_ships_what_the_functions_are_locked_to() -> None:
    shipped = (ROOT / "layers/deps/requirements.txt").read_text()
    assert shipped == (ROOT / "requirements/functions.txt").read_text()


def test_the_layer_keeps_the_api_of_every_service_that_a_client_is_made_for() -> None:
    aws = (ROOT / "layers/core/steward/aws.py").read_text()
    used = set(re.findall(r'boto3\.client\(\s*"([\w-]+)"', aws))
    makefile = (ROOT / "layers/deps/Makefile").read_text()
    kept = set(re.search(r"^SERVICES := (.+)$", makefile, re.MULTILINE)[1].split())
    assert used
    assert used <= kept


def test_no_file_names_a_place_of_one_machine() -> None:
    homes = "home|Users|root"
    place = re.compile(rf"(?<![\w.])/({homes})/\w|{re.escape(str(ROOT))}/")
    named = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in committed()
        if (found := place.search(path.read_text(encoding="utf-8", errors="ignore")))
    ]
    assert named == []


def committed() -> list[Path]:
    """Every file that is, or is about to be, in the repository."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    paths = [ROOT / line for line in listing.stdout.split("\0") if line]
    return [path for path in paths if path.is_file()]


def test_what_the_table_of_bad_input_names_is_there() -> None:
    table = (ROOT / "docs/bad-input.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?` \|$", table, re.MULTILINE)
    assert len(named) == table.count("\n|") - 2
    for path, name in named:
        wanted = rf"^(class|def) {name}\b" if name else r"^ *def test_"
        assert re.search(wanted, (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE), path
