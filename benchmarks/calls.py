"""How many requests to AWS one look of rollout makes, all services and pages counted.

The real handler with cold caches, behind real clients; the account behind them is the tests' own.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from moto import mock_aws

from cli import repository
from steward.aws import Aws
from steward.log import logger
from steward.spec.read import read
from tests.steward.fakes import new_clock
from tests.steward.functions.conftest import given_to_functions
from tests.steward.functions.house import House, open_house
from tests.steward.functions.parts import approved

_CLIENTS = ("autoscaling", "cloudwatch", "dynamodb", "s3", "sagemaker", "sns", "sqs")


def aws_calls() -> dict[str, float]:
    """Requests of a look that deploys first, one that updates, and one with nothing to do."""
    figures: dict[str, float] = {}
    with _house() as (house, aws):
        approved(house)
        figures["aws_calls.first_deploy"] = _calls_of_a_look(house, aws)
        house.clock.pass_by(minutes=4)
        house.sagemaker.settle()
        house.deliver("rollout", house.endpoint_event())
        house.clock.pass_by(minutes=60)
        figures["aws_calls.noop"] = _calls_of_a_look(house, aws)
        approved(house, 2, against=1)
        figures["aws_calls.update"] = _calls_of_a_look(house, aws)
        if house.sagemaker.calls.count("UpdateEndpoint") != 1:
            raise RuntimeError("the look asked for no update")
    return figures


def _calls_of_a_look(house: House, aws: Aws) -> int:
    seen: list[str] = []

    def count(model: object, **_: object) -> None:
        seen.append(str(model))

    events = [getattr(aws, client).meta.events for client in _CLIENTS]
    for one in events:
        one.register("before-parameter-build", count)
    try:
        if house.look("rollout", times=1):
            raise RuntimeError("the look failed")
    finally:
        for one in events:
            one.unregister("before-parameter-build", count)
    return len(seen)


@contextmanager
def _house() -> Iterator[tuple[House, Aws]]:
    spec, aws = read(repository.MODELS / "mortgage.toml"), Aws()
    quiet = {"POWERTOOLS_METRICS_DISABLED": "true"}
    with pytest.MonkeyPatch.context() as patch, mock_aws(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "No application metrics to publish")
        patch.setattr(logging.getLogger(logger.name), "disabled", True)
        for name, value in (given_to_functions(repository.ROOT) | quiet).items():
            patch.setenv(name, value)
        with open_house(aws, new_clock(patch), list(spec.data.columns), patch) as house:
            yield house, aws
