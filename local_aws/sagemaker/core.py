"""What the parts of the embedded SageMaker share: one lock, one outbox, one set of tags."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from local_aws.account import ACCOUNT
from local_aws.kernel import World
from local_aws.sagemaker import names
from local_aws.sagemaker.values import Json, given, sections, text


@dataclass(frozen=True)
class Caller:
    """Who calls, as far as the request's signature says."""

    arn: str
    principal_id: str = ACCOUNT
    source_identity: str | None = None

    def user_context(self) -> Json:
        """How SageMaker writes down who did something."""
        identity = given(
            Arn=self.arn, PrincipalId=self.principal_id, SourceIdentity=self.source_identity
        )
        return {"IamIdentity": identity}


type Operation = Callable[[Json, Caller], Json | None]


@dataclass(frozen=True)
class _Notice:
    detail_type: str
    detail: Mapping[str, object]
    resources: Sequence[str]


@dataclass
class Tags:
    """The tags of everything that exists; a resource without an entry does not exist."""

    by_arn: dict[str, dict[str, str]] = field(default_factory=dict)

    def begin(self, arn: str, request: Json) -> None:
        """Note that `arn` exists, with the tags of the request that made it."""
        self.by_arn[arn] = {text(t, "Key"): text(t, "Value") for t in sections(request, "Tags")}

    def end(self, arn: str) -> None:
        """Note that `arn` no longer exists."""
        self.by_arn.pop(arn, None)


class Core:
    """One lock around all state. Events leave after the change that they tell of is visible."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tags = Tags()
        self._lock = world.lock("sagemaker")
        self._sending = threading.RLock()
        self._depth = 0
        self._outbox: deque[_Notice] = deque()

    def now(self) -> datetime:
        """The embedded AWS's present time."""
        return self.world.now()

    @contextmanager
    def state(self) -> Iterator[None]:
        """Hold the lock; when the outermost holder lets go, send what was announced inside."""
        with self._lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            outermost = self._depth == 0
        if outermost:
            self._send()

    def announce(
        self, detail_type: str, detail: Mapping[str, object], resources: Sequence[str]
    ) -> None:
        """Put an event in the outbox; call it inside `state`."""
        self._outbox.append(_Notice(detail_type, detail, resources))

    def _send(self) -> None:
        # One sender at a time, so that events leave in the order of the changes.
        with self._sending:
            while self._outbox:
                notice = self._outbox.popleft()
                self.world.emit(
                    "aws.sagemaker", notice.detail_type, notice.detail, notice.resources
                )

    def random_id(self, length: int) -> str:
        """Lower-case letters and digits, as in the ids that SageMaker makes up."""
        return names.random_id(length)

    def in_background(self, what: str, work: Callable[[], None]) -> None:
        """Run `work` on its own thread; the embedded AWS is busy until it ends."""
        token = self.world.begin(what)

        def run() -> None:
            try:
                work()
            finally:
                self.world.end(token)

        threading.Thread(target=run, name=what, daemon=True).start()
