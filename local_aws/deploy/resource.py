"""What it takes to make one resource: its properties, the API, what it is known by afterwards."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from local_aws.account import ACCOUNT, REGION
from local_aws.deploy.intrinsics import TemplateError


class Api(Protocol):
    """Calls an operation by its Python name."""

    def __call__(self, service: str, operation: str, **parameters: object) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Made:
    """A resource that exists: what `Ref` gives, and what `GetAtt` gives."""

    ref: str
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass
class Request:
    """A resource to be made; a property that nobody takes is an error."""

    api: Api
    stack: str
    logical_id: str
    properties: dict[str, Any]

    def take(self, name: str, default: Any = None) -> Any:
        """A property's value, which then counts as dealt with."""
        return self.properties.pop(name, default)

    def name(self, key: str) -> str:
        """The name that the template gives, else one made up as CloudFormation would."""
        given = self.take(key)
        suffix = hashlib.sha256(self.logical_id.encode()).hexdigest()[:12]
        return str(given or f"{self.stack}-{self.logical_id}-{suffix}")

    def rest(self) -> dict[str, Any]:
        """All properties not taken yet, for an API that checks them itself."""
        rest, self.properties = self.properties, {}
        return rest

    def must_be_done(self) -> None:
        """Raises TemplateError if a property was not dealt with."""
        if self.properties:
            raise TemplateError(f"the property {', '.join(self.properties)} is not covered")


type Maker = Callable[[Request], Made]

MAKERS: dict[str, Maker] = {}


def makes(kind: str) -> Callable[[Maker], Maker]:
    """Register a function as the one that makes resources of a type."""

    def register(maker: Maker) -> Maker:
        MAKERS[kind] = maker
        return maker

    return register


def arn(service: str, rest: str) -> str:
    """An ARN in the account and region of the embedded AWS."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def tags(request: Request) -> dict[str, str]:
    """The tags as a map, which some APIs want instead of a list."""
    return {tag["Key"]: tag["Value"] for tag in request.take("Tags", [])}


def document(policy: Any) -> str:
    """A policy as the APIs take it."""
    return policy if isinstance(policy, str) else json.dumps(policy)
