"""Answers instead of AWS behind a real client, so that requests are checked against AWS's API."""

from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

type Json = dict[str, Any]


@dataclass
class Http:
    """All that botocore looks at of an answer's HTTP part."""

    status_code: int = 200


class Standin:
    """A method is named like the operation, takes its request, and returns its answer."""

    service = ""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._request: Json = {}

    def install(self, client: Any) -> None:
        """Answer the client's calls."""
        client.meta.events.register(f"provide-client-params.{self.service}.*", self._keep)
        client.meta.events.register(f"before-call.{self.service}.*", self._answer)

    def leave(self, client: Any) -> None:
        """Let AWS answer again."""
        client.meta.events.unregister(f"provide-client-params.{self.service}.*", self._keep)
        client.meta.events.unregister(f"before-call.{self.service}.*", self._answer)

    def refuse(self, code: str, text: str, **more: object) -> ClientError:
        """The error to raise."""
        answer: Any = {"Error": {"Code": code, "Message": text}, **more}
        return ClientError(answer, "")

    def _keep(self, params: Json, **_: object) -> None:
        self._request = params

    def _answer(self, model: Any, **_: object) -> tuple[Http, Json]:
        self.calls.append(model.name)
        try:
            return Http(), self.before(model.name, self._request)
        except ClientError as error:
            return Http(400), dict(error.response)

    def before(self, operation: str, request: Json) -> Json:
        """Answer one call; a test may have something happen first."""
        answer: Json = getattr(self, xform_name(operation))(**request)
        return answer
