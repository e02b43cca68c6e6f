"""Puts the embedded AWS together: services on moto, the port, the clock, the template."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local_aws import adapter, awslambda, children, dynamodb, events, identity, s3, sagemaker, sqs
from local_aws.admin import PREFIX, Admin
from local_aws.conductor import Conductor
from local_aws.contract import Contract, Recorder
from local_aws.deploy import HttpApi, Stack, Translation
from local_aws.kernel import World
from local_aws.port import Server
from local_aws.wire import Handler, Request, Response, call_wsgi, json_response

STACK = "steward"


@dataclass(frozen=True)
class Options:
    """What the embedded AWS is started with."""

    template: Path
    root: Path
    port: int
    parameters: Mapping[str, str]
    hold: bool


class LocalAws:
    """A whole embedded AWS in this process."""

    def __init__(self, options: Options) -> None:
        """Raises OSError if the port is taken or nothing can be written."""
        self._options = options
        self._translation = Translation(options.template, options.parameters)
        try:
            self.world = World(options.root)
            self._server = Server(options.port, self._answer)
        except OSError:
            self._translation.abandon()
            raise
        self.world.endpoint = self._server.endpoint
        self._conductor = Conductor(self.world)
        self._handlers = self._install()

    def _install(self) -> tuple[Handler, Handler]:
        """Extend moto, and return what answers the admin API and what answers AWS's."""
        world = self.world
        identity.install()
        sqs.install(world)
        awslambda.install(world)
        bus = events.install(world, awslambda.invoke_event)
        s3.install(world)
        dynamodb.install(world)
        sagemaker.install(world)
        adapter.use_clock(world)
        application = DomainDispatcherApplication(create_backend_app)
        recorder = Recorder()
        contract = Contract(world, lambda request: call_wsgi(application, request), recorder)
        return Admin(world, self._conductor, bus, recorder), contract

    def _answer(self, request: Request) -> Response:
        admin, aws = self._handlers
        try:
            return admin(request) if request.path.startswith(PREFIX) else aws(request)
        except Exception as error:
            self.world.trouble(f"{request.method} {request.path}", error)
            return json_response({"error": f"{type(error).__name__}: {error}"}, 500)

    def start(self) -> dict[str, str]:
        """Serve, and deploy the template; returns its outputs.

        Raises DeployError or TranslationError.
        """
        self._server.start()
        template = self._translation.result()
        api = HttpApi(self._server.endpoint)
        stack = Stack(template, api, STACK, self._options.parameters)
        outputs = stack.deploy()
        if not self._options.hold:
            self._conductor.start_ticking()
        return outputs

    def stop(self) -> None:
        """End every process that was started."""
        self._translation.abandon()
        self._conductor.stop()
        awslambda.end_all()
        try:
            sagemaker.stop()
        finally:
            children.end_all()
