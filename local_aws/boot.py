"""Puts the embedded AWS together: services on moto, the port, the clock, the template."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local_aws import (
    adapter,
    autoscaling,
    awslambda,
    children,
    cloudwatch,
    dynamodb,
    events,
    identity,
    kms,
    s3,
    sagemaker,
    sqs,
    state,
)
from local_aws.admin import PREFIX, Admin
from local_aws.conductor import Conductor, NotIdle
from local_aws.contract import Contract, Recorder
from local_aws.deploy import HttpApi, Stack, Translation
from local_aws.kernel import World
from local_aws.port import Server
from local_aws.wire import Handler, Request, Response, call_wsgi, json_response

STACK = "steward"
# How long the end waits for what is under way; ctrl-C promises an end within five seconds.
REST_SECONDS = 3.0


@dataclass(frozen=True)
class Options:
    """What the embedded AWS is started with."""

    template: Path
    root: Path
    port: int
    parameters: Mapping[str, str]
    hold: bool
    clock_rate: float = 1.0
    keep: bool = False  # the state stays in `root`, and one that is there goes on


class _Dispatcher(DomainDispatcherApplication):
    """Moto's way to a service by a request's host, for which it lists its own folder each time."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._known = cache(super().get_backend_for_host)

    def get_backend_for_host(self, host: str | None) -> object:
        return self._known(host)


class LocalAws:
    """A whole embedded AWS in this process."""

    def __init__(self, options: Options) -> None:
        """Raises OSError if the port is taken or nothing can be written; StateError."""
        self._options = options
        self._made_by = state.made_by(options.template, options.parameters)
        self._kept = state.read(options.root, self._made_by) if options.keep else None
        self._translation = Translation(options.template, options.parameters)
        try:
            self.world = World(options.root, options.clock_rate)
            self._server = Server(_port(options.port, self._kept, options.root), self._answer)
        except OSError:
            self._translation.abandon()
            raise
        self.world.endpoint = self._server.endpoint
        self._conductor = Conductor(self.world)
        self._handlers = self._install()
        self._keeper = self._made_keeper() if options.keep else None

    def _made_keeper(self) -> state.Keeper:
        own = {"World": self.world, "CloudWatch": self._cloudwatch, **sagemaker.installed().own}
        return state.Keeper(self.world, self._server.port, self._made_by, own)

    def _install(self) -> dict[str, Handler]:
        """Extend moto, and return what answers, by what a path begins with."""
        world = self.world
        identity.install()
        kms.install()
        sqs.install(world)
        awslambda.install(world)
        bus = events.install(world, awslambda.invoke_event)
        s3.install(world)
        dynamodb.install(world)
        sagemaker.install(world)
        self._cloudwatch = cloudwatch.install(world)
        autoscaling.install(world, self._cloudwatch)
        adapter.use_clock(world)
        application = _Dispatcher()
        recorder = Recorder()
        contract = Contract(world, lambda request: call_wsgi(application, request), recorder)
        admin = Admin(world, self._conductor, bus, recorder)
        return {PREFIX: admin, awslambda.URL_PREFIX: awslambda.Urls(world), "": contract}

    def _answer(self, request: Request) -> Response:
        begins = next(one for one in self._handlers if request.path.startswith(one))
        try:
            return self._handlers[begins](request)
        except Exception as error:
            self.world.trouble(f"{request.method} {request.path}", error)
            return json_response({"error": f"{type(error).__name__}: {error}"}, 500)

    @property
    def resumed(self) -> bool:
        """Whether a state that was kept goes on."""
        return self._kept is not None

    def start(self, tell: Callable[[str], None]) -> dict[str, str]:
        """Serve, and deploy the template or go on where a state ends; returns its outputs.

        Raises DeployError or TranslationError.
        """
        self._server.start()
        tell(f"serving at {self.world.endpoint}")
        outputs = self._resume(self._kept) if self._kept else self._deploy()
        with suppress(NotIdle):  # endpoints that served are to serve before anybody asks them
            self._conductor.settle()
        what = "the state that was kept goes on" if self._kept else "the template is deployed"
        tell(f"{what}; its clock says {self.world.now():%Y-%m-%d %H:%M:%S} UTC")
        if self._keeper:
            self._keeper.start(lambda: self._state(outputs))
        if not self._options.hold:
            self._conductor.start_ticking()
        return outputs

    def _deploy(self) -> dict[str, str]:
        template = self._translation.result()
        api = HttpApi(self._server.endpoint)
        return Stack(template, api, STACK, self._options.parameters).deploy()

    def _state(self, outputs: dict[str, str]) -> object:
        return (
            adapter.backends(),
            s3.state(),
            dynamodb.state(),
            identity.state(),
            awslambda.state(),
            sagemaker.installed().state(),
            self._cloudwatch.state(),
            self.world.agenda(),
            outputs,
        )

    def _resume(self, kept: state.Kept) -> dict[str, str]:
        assert self._keeper
        stores, buckets, done, sessions, functions, models, watched, agenda, outputs = (
            self._keeper.load(kept.data)
        )
        adapter.put_back(stores)
        s3.resume(buckets)
        dynamodb.resume(done)
        identity.resume(sessions)
        self.world.resume(agenda)
        self._cloudwatch.resume(watched)
        sagemaker.installed().resume(models)
        awslambda.resume(functions)
        return cast("dict[str, str]", outputs)

    def stop(self) -> str:
        """Keep the state, and end every process that was started; returns what of it is lost."""
        self._translation.abandon()
        self._conductor.stop()
        lost = self._keep_last(self._keeper) if self._keeper else ""
        awslambda.end_all()
        try:
            sagemaker.stop()
        finally:
            children.end_all()
        return lost

    def _keep_last(self, keeper: state.Keeper) -> str:
        try:
            if keeper.end(REST_SECONDS):
                return ""
        except Exception as error:
            self.world.trouble("keeping the state", error)
        busy = ", ".join(self.world.pending()) or "a call"
        return (
            f"It did not come to rest within {REST_SECONDS:.0f} s ({busy}). The state that is kept "
            "is the last one at rest; what came after it has not happened."
        )


def _port(asked: int, kept: state.Kept | None, root: Path) -> int:
    """A state lives on one port: addresses of queues are part of it."""
    if kept is None or asked in (0, kept.port):
        return kept.port if kept else asked
    raise state.StateError(
        f"The state in {root} lives on port {kept.port}: leave --port out, or start with another "
        "--state folder."
    )
