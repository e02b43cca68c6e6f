"""Keeps the whole state of the embedded AWS in a folder, and takes it up again.

It is written in one piece whenever everything has come to rest after a change, so it is always
of one moment; the bytes of S3 objects lie beside it, each written once.
"""

import contextlib
import hashlib
import io
import json
import pickle
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast
from weakref import WeakValueDictionary

import cloudpickle
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from moto.s3.models import FakeKey
from moto.s3.utils import _VersionedKeyStore

from local_aws.kernel import World

FILE, OBJECTS = "state", "objects"
LOOK_SECONDS = 0.25
# Writing takes at most this share of the time, however large the state grows.
SHARE = 0.1

type Parts = Mapping[str, object]


class StateError(Exception):
    """A state that cannot be taken up; the sentence says why and how to go on."""


@dataclass(frozen=True)
class _Bytes:
    """Stands for the content of an S3 object, which lies in a file of this name."""

    name: str


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # it carries no types
    """Leaves out what belongs to a process, and puts the bytes of S3 objects into files."""

    def __init__(self, file: io.BytesIO, folder: Path, own: Mapping[int, str]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._folder = folder
        self._own = own

    def persistent_id(self, thing: object) -> tuple[str, str] | None:
        if isinstance(thing, _Bytes):
            return "bytes", thing.name
        name = self._own.get(id(thing))
        return ("own", name) if name else None

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, FakeKey):
            return _new, (type(thing),), self._key(thing)
        for kind, reduced in _REDUCED.items():
            if isinstance(thing, kind):
                return reduced(thing)
        return super().reducer_override(thing)

    def _key(self, key: FakeKey) -> dict[str, object]:
        kept = {k: v for k, v in vars(key).items() if k not in ("_value_buffer", "lock")}
        if key.disposed:
            return {**kept, "value": b""}
        name = f"{key.etag.strip('"')}-{key.contentsize}"
        path = self._folder / name
        if not path.exists():
            _write(path, key.value)
        return {**kept, "value": _Bytes(name)}


def _new(kind: type) -> object:
    return cast(Any, kind).__new__(kind)


def _event(is_set: bool) -> threading.Event:
    event = threading.Event()
    if is_set:
        event.set()
    return event


def _private_key(der: bytes) -> object:
    return load_der_private_key(der, None)


def _der(key: RSAPrivateKey | EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _versions(store: _VersionedKeyStore) -> dict[str, object]:
    """Every version of every key; what the store calls its items are only the newest ones."""
    return {key: store.getlist(key) for key in dict.keys(store)}


def _set_versions(store: _VersionedKeyStore, versions: dict[str, object]) -> None:
    dict.update(store, versions)


# How what pickle cannot write, or writes wrongly, is made again.
_REDUCED: dict[type, Callable[[Any], tuple[object, ...]]] = {
    type(threading.Lock()): lambda _: (threading.Lock, ()),
    type(threading.RLock()): lambda _: (threading.RLock, ()),
    threading.Event: lambda event: (_event, (event.is_set(),)),
    WeakValueDictionary: lambda values: (WeakValueDictionary, (dict(values),)),
    RSAPrivateKey: lambda key: (_private_key, (_der(key),)),
    EllipticCurvePrivateKey: lambda key: (_private_key, (_der(key),)),
    _VersionedKeyStore: lambda store: (
        _new, (type(store),), _versions(store), None, None, _set_versions
    ),
}  # fmt: skip


class _Unpickler(pickle.Unpickler):
    """The reverse; notes which files of bytes are in use."""

    def __init__(self, data: bytes, folder: Path, own: Parts) -> None:
        super().__init__(io.BytesIO(data))
        self._folder = folder
        self._own = own
        self.used: set[str] = set()

    def persistent_load(self, pid: tuple[str, str]) -> object:
        kind, name = pid
        if kind == "own":
            return self._own[name]
        self.used.add(name)
        return (self._folder / name).read_bytes()


def _write(path: Path, data: bytes) -> None:
    pending = path.with_name(f"{path.name}.new")
    pending.write_bytes(data)
    pending.replace(path)


def made_by(template: Path, parameters: Mapping[str, str]) -> str:
    """Digest of all that a state depends on: this code, moto, Python, the template."""
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    parts = [version("moto"), *map(str, sys.version_info[:2]), str(template)]
    parts += [template.read_text(), json.dumps(dict(parameters), sort_keys=True)]
    parts += [path.read_text() for path in sources]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Kept:
    """A state on disk: the port that it was served on, and the state itself, still as bytes."""

    port: int
    data: bytes


def read(root: Path, made: str) -> Kept | None:
    """The state in `root`, None if there is none. Raises StateError if it is not whole or ours."""
    path = root / FILE
    if not path.exists():
        return None
    head, _, data = path.read_bytes().partition(b"\n")
    go_on = f"Start with another --state folder, or remove {root}."
    try:
        told = json.loads(head)
        whole = told["sha256"] == hashlib.sha256(data).hexdigest()
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise StateError(f"The state in {path} is damaged. {go_on}")
    if told["made_by"] != made:
        raise StateError(
            f"The state in {root} was made by another version of Steward, of its packages or of "
            f"the template. {go_on}"
        )
    return Kept(int(told["port"]), data)


class Keeper:
    """Writes the state of one embedded AWS into its folder."""

    def __init__(self, world: World, port: int, made: str, own: Parts) -> None:
        """`own` are the objects that live in a process and are referred to by name."""
        self._world = world
        self._head = {"made_by": made, "port": port}
        self._own = own
        self._folder = world.root / OBJECTS
        self._folder.mkdir(exist_ok=True)
        self._saved = -1
        self._gather: Callable[[], object] | None = None
        self._ended = threading.Event()
        self._lock = threading.Lock()

    def load(self, data: bytes) -> Any:
        """What was kept; bytes that nothing refers to any more are removed."""
        unpickler = _Unpickler(data, self._folder, self._own)
        found = unpickler.load()
        for path in self._folder.iterdir():
            if path.name not in unpickler.used:
                path.unlink()
        return found

    def start(self, gather: Callable[[], object]) -> None:
        """Keep what `gather` returns, now and from now on, on a thread of its own."""
        self._gather = gather
        threading.Thread(target=self._watch, name="state", daemon=True).start()

    def _watch(self) -> None:
        pause = 0.0
        while not self._ended.wait(max(LOOK_SECONDS, pause)):
            self._world.clock.beat()
            began = time.monotonic()
            try:
                self.save()
            except Exception as error:
                self._world.trouble("keeping the state", error)
            pause = (time.monotonic() - began) / SHARE

    def save(self) -> bool:
        """Write the state if it has changed and all is at rest; whether what is kept is current."""
        with self._lock, self._world.standing_still() as still:
            changes = self._world.changes
            if changes == self._saved:
                return True
            if not still or self._gather is None:
                return False
            file = io.BytesIO()
            own = {id(thing): name for name, thing in self._own.items()}
            _Pickler(file, self._folder, own).dump(self._gather())
            data = file.getvalue()
            head = {**self._head, "sha256": hashlib.sha256(data).hexdigest()}
            _write(self._world.root / FILE, json.dumps(head).encode() + b"\n" + data)
            self._saved = changes
            return True

    def end(self, seconds: float) -> bool:
        """Wait for rest and save a last time; False if that does not come within `seconds`."""
        self._ended.set()
        last = time.monotonic() + seconds
        while not (current := self.save()) and time.monotonic() < last:
            time.sleep(0.02)
        with contextlib.suppress(FileNotFoundError):
            self._world.clock.beat()
        return current
