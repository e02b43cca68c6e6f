"""Puts the parts together and in the place of moto's SageMaker."""

from collections.abc import Mapping
from typing import cast

from moto.sagemaker import urls
from moto.sagemakerruntime import urls as runtime_urls

from local_aws.kernel import World
from local_aws.sagemaker.asynchronous import Later
from local_aws.sagemaker.core import Core, Operation, Tags
from local_aws.sagemaker.deployments import Deployments
from local_aws.sagemaker.endpoint_configs import EndpointConfigs
from local_aws.sagemaker.endpoints import Endpoints
from local_aws.sagemaker.executor import Executor
from local_aws.sagemaker.fleets import Fleets
from local_aws.sagemaker.jobs import Jobs
from local_aws.sagemaker.models import Models
from local_aws.sagemaker.monitoring.definitions import JobDefinitions
from local_aws.sagemaker.monitoring.executions import Executions
from local_aws.sagemaker.monitoring.schedules import Schedules
from local_aws.sagemaker.pipelines import Pipelines
from local_aws.sagemaker.processes import Processes
from local_aws.sagemaker.protocol import Dispatcher
from local_aws.sagemaker.registry import Registry
from local_aws.sagemaker.roles import Roles
from local_aws.sagemaker.runs import Runs
from local_aws.sagemaker.runtime import Runtime
from local_aws.sagemaker.tagging import Tagging


class Service:
    """The embedded SageMaker of one world."""

    def __init__(self, world: World) -> None:
        core, roles = Core(world), Roles(world)
        self._core = core
        self._processes = Processes(world.root / "logs" / "zygote.log")
        registry, pipelines = Registry(core), Pipelines(core, roles)
        jobs = Jobs(core, roles, self._processes)
        runs = Runs(core, pipelines, Executor(core, roles, jobs, registry.has_group))
        models = Models(core, registry)
        configs = EndpointConfigs(core, models)
        fleets = Fleets(core, roles, models, self._processes)
        deployments = Deployments(core, fleets)
        endpoints = self._endpoints = Endpoints(core, configs, models, deployments)
        definitions = JobDefinitions(core)
        executions = Executions(core, roles, jobs, endpoints)
        schedules = Schedules(core, definitions, executions, endpoints)
        monitoring = (definitions, executions, schedules)
        self._stores = (
            registry, pipelines, runs, jobs, models, configs, deployments, endpoints, *monitoring
        )  # fmt: skip
        operations: dict[str, Operation] = {}
        answering = (registry, pipelines, runs, jobs, models, configs, endpoints, Tagging(core))
        for part in (*answering, *monitoring):
            operations |= part.operations()
        # What belongs to this process; a state that is kept refers to it by these names.
        self.own: Mapping[str, object] = {
            type(part).__name__: part for part in (core, roles, fleets, *self._stores)
        }
        self.operations: Mapping[str, Operation] = operations
        self._control = Dispatcher(core, operations)
        self._runtime = Runtime(core, endpoints, Later(core, roles, models))

    def take_over(self) -> None:
        """Answer in the place of moto's services; before moto's application is made."""
        urls.url_paths = dict.fromkeys(urls.url_paths, self._control.answer)
        runtime_urls.url_paths = dict.fromkeys(runtime_urls.url_paths, self._runtime.answer)

    def force(self, endpoint: str, status: str) -> None:
        """Bring an endpoint into a status as only AWS itself can."""
        self._endpoints.force(endpoint, status)

    def limit(self, instances: int) -> None:
        """Let the account have so many instances behind endpoints."""
        self._endpoints.most_instances = instances

    def state(self) -> object:
        """Everything that exists here, to be kept: every table of every part."""
        tables = [
            {name: value for name, value in vars(store).items() if isinstance(value, dict)}
            for store in self._stores
        ]
        return self._core.tags, tables

    def resume(self, state: object) -> None:
        """Take up what was kept; the fleets start again."""
        self._core.tags, tables = cast("tuple[Tags, list[dict[str, object]]]", state)
        for store, kept in zip(self._stores, tables, strict=True):
            vars(store).update(kept)
        self._endpoints.start_again()

    def stop(self) -> None:
        """End the zygote, and with it all jobs and fleets."""
        self._processes.stop()
        self._endpoints.hang_up()
