"""The commands about rollouts: plan, rollback, abort, pause, resume, retire, adopt."""

import argparse
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from cli import plan, repository
from cli.orders import Ordering, adopt, rollback
from cli.target import Misused, confirm, find
from steward.act.rollout import plan as plan_of
from steward.aws import Aws
from steward.names import Names
from steward.spec.model import ModelSpec
from steward.spec.read import read_all

_ORDERS = {
    "abort": "end the rollout that is under way",
    "pause": "let no rollout forward and no training run start",
    "resume": "take a pause, or a retirement, back",
    "retire": "take a model's endpoint down until it is resumed",
}


def add(parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands."""
    one = parser("plan", help="what would a rollout do?")
    one.add_argument("model")
    one.set_defaults(run=_plan)

    one = parser("rollback", help="reject what serves, so that a former version serves again")
    one.add_argument("model")
    one.add_argument(
        "--to", type=int, metavar="VERSION", help="the last one that served, if left out"
    )
    _why(one)
    one.set_defaults(run=_rollback)

    for order, text in _ORDERS.items():
        one = parser(order, help=text)
        one.add_argument("model")
        _why(one)
        one.set_defaults(run=_order, order=order)

    one = parser("adopt", help="take over an endpoint that exists")
    one.add_argument("endpoint")
    _why(one)
    one.set_defaults(run=_adopt)


def _why(one: argparse.ArgumentParser) -> None:
    one.add_argument("--why", required=True, metavar="WORDS", help="goes on record")
    one.add_argument("--yes", action="store_true", help="do not ask")


def _spec(model: str) -> ModelSpec:
    specs = read_all(repository.MODELS)
    if model not in specs:
        raise Misused(f"There is no models/{model}.toml; known are {sorted(specs)}.")
    return specs[model]


def _plan(options: argparse.Namespace) -> int:
    spec = _spec(options.model)
    print("\n".join(plan.lines(spec, Names(options.prefix, spec.name))))
    try:
        print("\n".join(_against(options, spec)))
    except (Misused, BotoCoreError, ClientError) as unknown:
        print(f"against what serves now: not known ({unknown})")
    return 0


def _against(options: argparse.Namespace, spec: ModelSpec) -> list[str]:
    ordering = Ordering(find(options.prefix), spec, "")
    facts = ordering.facts()
    endpoint = facts.endpoint
    version = facts.versions.get(endpoint.version or 0) if endpoint else None
    if endpoint is None or version is None:
        return ["against what serves now: nothing of Steward's serves"]
    where = ordering.target
    wanted = plan_of(
        ordering.names,
        spec,
        version,
        endpoint.variants[0],
        where.execution_role,
        where.artifact_bucket,
    )
    live = Aws().sagemaker.describe_endpoint_config(EndpointConfigName=endpoint.config)
    found = list(plan.changes(wanted, {**live}))
    head = f"against {endpoint.config}, which serves:"
    return (
        [f"{head} nothing but the model"] if not found else [head, *[f"  {one}" for one in found]]
    )


def _rollback(options: argparse.Namespace) -> int:
    ordering = Ordering(find(options.prefix), _spec(options.model), options.why)
    confirm(ordering.target, f"Go back on {options.model}", yes=options.yes)
    rejected = rollback(ordering, options.to)
    listed = ", ".join(map(str, rejected))
    print(
        f"rejected: version{'s' if len(rejected) > 1 else ''} {listed}; `steward status` follows it"
    )
    return 0


def _order(options: argparse.Namespace) -> int:
    ordering = Ordering(find(options.prefix), _spec(options.model), options.why)
    confirm(ordering.target, f"Order {options.order} of {options.model}", yes=options.yes)
    number = ordering.send(options.order)
    print(
        f"ordered as {ordering.by}: {options.order} (order {number}); `steward status` follows it"
    )
    return 0


def _adopt(options: argparse.Namespace) -> int:
    where, specs = find(options.prefix), read_all(repository.MODELS)
    confirm(where, f"Take over {options.endpoint}", yes=options.yes)
    number, config = adopt(where, specs, options.endpoint, options.why)
    print(f"{config} is registered as version {number}; what serves is left as it is until that")
    print("version, or another one, is approved")
    return 0
