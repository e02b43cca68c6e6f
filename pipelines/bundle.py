"""The code that pipeline steps run, as bytes that are the same wherever and whenever they are made.

Code is published under its own digest, so a compiled definition names exactly the code it runs.
Nothing here is compressed: what a compressor makes differs between versions of zlib.
"""

import hashlib
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

_STORED_BLOCK = 0xFFFF  # the most that one uncompressed deflate block holds
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can tell


def digest(data: bytes) -> str:
    """The SHA-256 by which code is published."""
    return hashlib.sha256(data).hexdigest()


def content(source: Path, name: str) -> bytes:
    """What is published as `name`: a folder as .tar.gz or .zip, a file as it is."""
    if name.endswith(".tar.gz"):
        return _gzip(_tar(source))
    if name.endswith(".zip"):
        return _zip(source)
    return source.read_bytes()


def key(source: Path, name: str) -> str:
    """Where `name` is published below code/: its digest, then its name."""
    return f"{digest(content(source, name))}/{name}"


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The source files, in one order on every machine, without what an interpreter leaves."""
    paths = [path for path in folder.rglob("*.py") if path.is_file()]
    for path in sorted(paths, key=lambda path: path.relative_to(folder).as_posix()):
        yield path.relative_to(folder).as_posix(), path.read_bytes()


def _tar(folder: Path) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in _files(folder):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def _zip(folder: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in _files(folder):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return out.getvalue()


def _gzip(data: bytes) -> bytes:
    """RFC 1952, with stored blocks only: no time, no name, no operating system."""
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    blocks = b"".join(_stored_blocks(data))
    return header + blocks + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def _stored_blocks(data: bytes) -> Iterator[bytes]:
    starts = range(0, max(len(data), 1), _STORED_BLOCK)
    for start in starts:
        block = data[start : start + _STORED_BLOCK]
        last = start == starts[-1]
        yield struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF) + block
