"""AWS's wire: what a request asks for, and how AWS words an error in each protocol."""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import cast
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from moto.core.model import ServiceModel
from moto.core.request import Request as MotoRequest
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

type Environ = dict[str, object]
type Headers = list[tuple[str, str]]

JSON = "application/json"
SERVICE_OF_SIGNING_NAME = {"monitoring": "cloudwatch"}


@dataclass(frozen=True)
class Request:
    """One HTTP request, read to its end."""

    environ: Environ
    body: bytes

    @property
    def path(self) -> str:
        return str(self.environ["PATH_INFO"])

    @property
    def method(self) -> str:
        return str(self.environ["REQUEST_METHOD"])

    def header(self, name: str) -> str:
        """The header's value, empty if it is absent."""
        key = name.upper().replace("-", "_")
        prefix = "" if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_"
        return str(self.environ.get(prefix + key, ""))

    def wsgi_environ(self) -> Environ:
        """A WSGI environment whose input has not been read yet."""
        return {**self.environ, "wsgi.input": BytesIO(self.body)}


@dataclass(frozen=True)
class Response:
    """One HTTP response."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """The header's value, empty if it is absent."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), "")


# The connection is closed instead of an answer.
UNANSWERED = Response(0, [], b"")

type Handler = Callable[[Request], Response]


@dataclass(frozen=True)
class Call:
    """An AWS operation, as botocore names service and operation."""

    service: str
    operation: str
    protocol: str

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


def credential(request: Request) -> tuple[str, str]:
    """The access key and the signing name of a signed or presigned request, else empty strings."""
    words = request.header("Authorization").partition("Credential=")[2].partition(",")[0]
    if not words:
        query = parse_qs(str(request.environ.get("QUERY_STRING", "")))
        words = query.get("X-Amz-Credential", [""])[0]
    parts = words.split("/")
    return (parts[0], parts[3].lower()) if len(parts) == 5 else ("", "")


def identify(request: Request) -> Call:
    """Which operation `request` asks for; the name is empty where nothing fits."""
    service = _service(request)
    protocol = _protocol(request, service)
    if protocol == "json":
        return Call(service, request.header("X-Amz-Target").rpartition(".")[2], protocol)
    if protocol == "query":
        action = parse_qs(request.body.decode()).get("Action", [""])[0]
        return Call(service, action, protocol)
    return Call(service, _routed(service, request), protocol)


def _service(request: Request) -> str:
    signing_name = credential(request)[1] or "s3"
    if signing_name == "sagemaker" and not request.header("X-Amz-Target"):
        return "sagemaker-runtime"
    return SERVICE_OF_SIGNING_NAME.get(signing_name, signing_name)


def _protocol(request: Request, service: str) -> str:
    if request.header("X-Amz-Target"):
        return "json"
    if request.header("smithy-protocol"):
        return "smithy-rpc-v2-cbor"
    if service == "s3":
        return "rest-xml"
    form = request.header("Content-Type").startswith("application/x-www-form-urlencoded")
    return "query" if form else "rest-json"


def _routed(service: str, request: Request) -> str:
    """The operation that method, path and query mean in a REST protocol."""
    try:
        router = get_service_router(service)
        operation, _ = router.match(MotoRequest(request.wsgi_environ()))
    except (NotFound, NotImplementedError, LookupError, ValueError):
        return ""
    return str(operation.name)


@cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of a service, shared with moto."""
    return get_service_model(service)


def error(protocol: str, status: int, code: str, message: str) -> Response:
    """An error in AWS's own form."""
    request_id = str(uuid.uuid4())
    headers = [("x-amzn-RequestId", request_id)]
    if protocol in ("query", "rest-xml"):
        text = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        own_id = f"<RequestId>{request_id}</RequestId>"
        if protocol == "rest-xml":
            xml = f"<Error>{text}{own_id}</Error>"
        else:
            xml = f"<ErrorResponse><Error>{text}</Error>{own_id}</ErrorResponse>"
        return Response(status, [*headers, ("Content-Type", "text/xml")], xml.encode())
    headers += [("x-amzn-errortype", code), ("Content-Type", JSON)]
    return json_response({"__type": code, "message": message}, status, headers)


def json_response(
    value: object, status: int = 200, headers: Iterable[tuple[str, str]] = ()
) -> Response:
    """A JSON response."""
    given = list(headers) or [("Content-Type", JSON)]
    return Response(status, given, json.dumps(value).encode())


type Wsgi = Callable[[Environ, Callable[..., object]], Iterable[bytes]]


def call_wsgi(app: Wsgi, request: Request) -> Response:
    """Ask a WSGI application and read its answer to the end."""
    began: list[tuple[str, Headers]] = []

    def start_response(status: str, headers: Headers, _: object = None) -> None:
        began.append((status, headers))

    chunks = app(request.wsgi_environ(), start_response)
    try:
        body = b"".join(chunks)
    finally:
        cast(Callable[[], None], getattr(chunks, "close", lambda: None))()
    status, headers = began[-1]
    return Response(int(status.split()[0]), list(headers), body)


def headers_of(request: Request) -> Mapping[str, str]:
    """The headers that say who calls, as `local_aws.identity` wants them."""
    names = ("Authorization", "X-Amz-Security-Token")
    return {name: value for name in names if (value := request.header(name))}


_answering: ContextVar[Request | None] = ContextVar("answering", default=None)


@contextmanager
def answering(request: Request) -> Iterator[None]:
    """While inside, this thread works for `request`."""
    token = _answering.set(request)
    try:
        yield
    finally:
        _answering.reset(token)


def source_address() -> str | None:
    """Where the request came from that this thread works for; None if it works for none."""
    request = _answering.get()
    return str(request.environ["REMOTE_ADDR"]) if request else None
