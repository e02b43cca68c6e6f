"""The processes behind an endpoint configuration: one container for each production variant."""

import http.client
import logging
import queue
import random
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

from local_aws.sagemaker import behind, names, storage
from local_aws.sagemaker.capture import Capture
from local_aws.sagemaker.core import Core
from local_aws.sagemaker.endpoint_configs import EndpointConfig
from local_aws.sagemaker.errors import SageMakerError
from local_aws.sagemaker.models import Container, Models
from local_aws.sagemaker.processes import Command, Process, Processes
from local_aws.sagemaker.roles import Roles
from local_aws.sagemaker.sandbox import Sandbox
from local_aws.sagemaker.values import Json, text

# On a busy machine several fleets start at once; one whose process ends is noticed at once.
PING_SECONDS = 120.0
ANSWER_SECONDS = 60.0
_MODEL = "/opt/ml/model"
_log = logging.getLogger(__name__)


class FleetFailedError(Exception):
    """A fleet cannot serve; the message is the endpoint's FailureReason."""


@dataclass(frozen=True)
class Reply:
    """What a container answered."""

    status: int
    content_type: str
    body: bytes


class Serving:
    """One running container, spoken to over connections that stay open."""

    def __init__(
        self, config: str, variant: str, process: Process, port: int, capture: Capture | None
    ) -> None:
        self.config = config
        self.variant = variant
        self.capture = capture
        self._process = process
        self._port = port
        self._idle: queue.LifoQueue[http.client.HTTPConnection] = queue.LifoQueue()
        self._given = 0
        self._answered = threading.Condition()

    def give(self) -> None:
        """Note that a request was given to the container, which answers it before it ends."""
        with self._answered:
            self._given += 1

    def take_back(self) -> None:
        """Note that a request was answered."""
        with self._answered:
            self._given -= 1
            self._answered.notify_all()

    def ping(self) -> bool:
        """Whether the container has loaded its model; waits for it."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PING_SECONDS)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Ask for a prediction. Raises OSError or HTTPException if the container is gone."""
        try:
            connection = self._idle.get_nowait()
        except queue.Empty:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_SECONDS)
        try:
            connection.request("POST", "/invocations", body, dict(headers))
            answer = connection.getresponse()
            reply = Reply(answer.status, answer.headers["Content-Type"], answer.read())
        except BaseException:
            connection.close()
            raise
        self._idle.put(connection)
        return reply

    def stop(self) -> None:
        """End the container, when what it was given is answered and what it captured is written."""
        with self._answered:
            self._answered.wait_for(lambda: not self._given, timeout=ANSWER_SECONDS)
        if self.capture:
            self.capture.close()
        self.hang_up()
        self._process.kill()

    def hang_up(self) -> None:
        """Close the connections that are kept open."""
        while not self._idle.empty():
            self._idle.get_nowait().close()


@dataclass(frozen=True)
class Fleet:
    """Everything that serves one endpoint configuration."""

    servings: tuple[Serving, ...]

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        """A state that is kept holds none; whoever takes it up starts another fleet."""
        return type(None), ()

    def choose(self, weights: Mapping[str, float]) -> Serving:
        """A variant, with a chance by its weight."""
        shares = [weights[serving.variant] for serving in self.servings]
        return random.choices(self.servings, shares)[0]  # noqa: S311 - traffic is not a secret

    def named(self, variant: str) -> Serving | None:
        """The serving of a variant, None if there is no such variant."""
        return next((s for s in self.servings if s.variant == variant), None)

    def stop(self) -> None:
        """End all of it."""
        for serving in self.servings:
            serving.stop()


class Fleets:
    """Starts fleets."""

    def __init__(self, core: Core, roles: Roles, models: Models, processes: Processes) -> None:
        self._core = core
        self._roles = roles
        self._models = models
        self._processes = processes

    def start(self, endpoint: str, config: EndpointConfig) -> Fleet:
        """Start a container for each variant and wait until all can serve, or FleetFailedError."""
        started: list[Serving] = []
        try:
            for variant in config.variants:
                started.append(self._serving(endpoint, config, variant))
                self._check(started[-1])
        except FleetFailedError:
            Fleet(tuple(started)).stop()
            raise
        return Fleet(tuple(started))

    def _check(self, serving: Serving) -> None:
        if not serving.ping():
            raise FleetFailedError(
                f"The primary container for production variant {serving.variant} did not pass the "
                "ping health check. Please check CloudWatch logs for this endpoint."
            )

    def _serving(self, endpoint: str, config: EndpointConfig, variant: Json) -> Serving:
        name = text(variant, "VariantName")
        container = self._models.model(text(variant, "ModelName")).container
        try:
            sandbox = self._sandbox(endpoint, container)
            if container.role:
                behind.pull(self._core.world, container.role, container.image)
                behind.observe(self._core.world, container.role, f"Endpoints/{endpoint}")
            if container.artifact:
                packed = storage.read(sandbox.role.s3, container.artifact)
                storage.unpack(BytesIO(packed), sandbox.folder(_MODEL))
        except (behind.PullError, SageMakerError) as error:
            raise FleetFailedError(str(error)) from error
        except storage.StorageError as error:
            raise FleetFailedError(
                f"Failed to download model data for container {container.image}: {error}"
            ) from error
        session = partial(self._roles.session, container.role)
        capture = Capture(self._core, endpoint, name, config.capture, session)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            process = self._processes.start(_command(container, sandbox), listening)
            port = listening.getsockname()[1]
        return Serving(config.name, name, process, port, capture if capture.enabled else None)

    def _sandbox(self, endpoint: str, container: Container) -> Sandbox:
        fleet = f"{endpoint}-{names.random_id(8)}"
        root = (self._core.world.root / "fleets" / fleet).resolve()
        root.mkdir(parents=True)
        log: Path = (self._core.world.root / "logs" / f"endpoint-{endpoint}.log").resolve()
        log.touch()
        return Sandbox(fleet, root, self._roles.session(container.role), log)


def _command(container: Container, sandbox: Sandbox) -> Command:
    environment = {
        "SAGEMAKER_SUBMIT_DIRECTORY": f"{_MODEL}/code",
        "SM_MODEL_DIR": _MODEL,
        **container.environment,
    }
    return Command(
        target="local_aws.sagemaker.container",
        arguments=[],
        cwd=sandbox.folder(_MODEL),
        env=sandbox.environment(environment),
        log=sandbox.log,
        is_module=True,
    )
