"""Published code: the same bytes wherever and whenever they are made."""

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from pipelines import bundle

FORMS = ("sourcedir.tar.gz", "library.zip")


def write_sources(folder: Path) -> Path:
    (folder / "package").mkdir(parents=True)
    (folder / "main.py").write_text("print('main')\n")
    (folder / "package" / "part.py").write_text("x = 1\n" * 30_000)  # several deflate blocks
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_time_place_mode_and_leftovers_do_not_matter(tmp_path: Path, form: str) -> None:
    here = write_sources(tmp_path / "here")
    there = write_sources(tmp_path / "far" / "there")
    (there / "main.py").chmod(0o700)
    os.utime(there / "main.py", (0, 0))
    (there / "__pycache__").mkdir()
    (there / "__pycache__" / "main.cpython-313.pyc").write_bytes(b"leftover")
    assert bundle.content(here, form) == bundle.content(there, form)


@pytest.mark.parametrize("form", FORMS)
def test_other_content_has_another_key(tmp_path: Path, form: str) -> None:
    sources = write_sources(tmp_path / "here")
    before = bundle.key(sources, form)
    (sources / "main.py").write_text("print('other')\n")
    assert bundle.key(sources, form) != before


def test_the_archive_unpacks_to_the_sources(tmp_path: Path) -> None:
    sources = write_sources(tmp_path)
    data = bundle.content(sources, "sourcedir.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        assert tar.getnames() == ["main.py", "package/part.py"]
        part = tar.extractfile("package/part.py")
        assert part is not None
        assert part.read() == (sources / "package" / "part.py").read_bytes()
    assert gzip.decompress(data)[-1024:] == bytes(1024)  # and the archive's end is whole


def test_the_library_opens_as_a_zip_file(tmp_path: Path) -> None:
    data = bundle.content(write_sources(tmp_path), "library.zip")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.read("main.py") == b"print('main')\n"


def test_a_single_file_is_published_as_it_is(tmp_path: Path) -> None:
    script = write_sources(tmp_path) / "main.py"
    assert bundle.key(script, "main.py") == f"{bundle.digest(script.read_bytes())}/main.py"
