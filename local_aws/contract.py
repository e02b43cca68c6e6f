"""Holds every answer to botocore's description of it, and keeps count of who called what."""

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache

from botocore.model import ListShape, OperationModel, Shape, StructureShape
from botocore.parsers import ResponseParser, create_parser

from local_aws import identity, shapes
from local_aws.authorization import Denied
from local_aws.authorization.guard import CHANGES
from local_aws.authorization.needs import Need, needs, s3_resource
from local_aws.authorization.policy import Call as Wanted
from local_aws.coverage import is_covered
from local_aws.kernel import World
from local_aws.misbehaviour import failure
from local_aws.slips import without_slips
from local_aws.wire import (
    UNANSWERED,
    Call,
    Handler,
    Request,
    Response,
    answering,
    credential,
    error,
    headers_of,
    identify,
    service_model,
)

READS = ("BatchGet", "Describe", "Get", "Head", "List", "Query", "Receive", "Scan")
JSON_PROTOCOLS = ("json", "rest-json")
# Their stores are moto's, without locks. The others wait inside an answer, or lock themselves.
SERIAL = ("s3", "dynamodb", "iam", "sts", "logs", "events", "secretsmanager", "kms")


class Recorder:
    """Counts calls and keeps what was wrong with the answers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._callers: defaultdict[str, set[str]] = defaultdict(set)
        self._faults: list[dict[str, str]] = []

    def called(self, call: Call, session: str | None) -> None:
        """Note a call, and whose it was if a role made it."""
        with self._lock:
            self._calls[str(call)] += 1
            if session:
                self._callers[str(call)].add(session)

    def fault(self, call: Call, what: str) -> None:
        """Note something wrong with an answer."""
        with self._lock:
            entry = {"service": call.service, "operation": call.operation, "fault": what}
            if entry not in self._faults:
                self._faults.append(entry)

    def faults(self) -> list[dict[str, str]]:
        """Every distinct fault, in the order of appearance."""
        with self._lock:
            return list(self._faults)

    def calls(self) -> dict[str, dict[str, object]]:
        """How often each operation was called, and by which sessions; a function's has its name."""
        with self._lock:
            return {
                name: {"count": count, "functions": sorted(self._callers[name])}
                for name, count in sorted(self._calls.items())
            }


class Contract:
    """Lets covered operations through, refuses the others, and checks what comes back."""

    def __init__(self, world: World, inner: Handler, recorder: Recorder) -> None:
        self._world = world
        self._inner = inner
        self._recorder = recorder

    def __call__(self, request: Request) -> Response:
        call = identify(request)
        session = identity.session_name(headers_of(request))
        self._recorder.called(call, session)
        if not is_covered(call.service, call.operation):
            return _refusal(call, request)
        match self._world.misbehaviour.kind_for(call, session):
            case None:
                return self._carried_out(call, session, request)
            case "denied":
                return _denied(call, f"{session} is not authorized to perform: {call}")
            case "timeout":
                self._carried_out(call, session, request)
                return UNANSWERED
            case kind:
                return failure(kind, call)

    def _carried_out(self, call: Call, session: str | None, request: Request) -> Response:
        try:
            if refused := self._refused(call, request):
                return refused
            with self._world.serving(changes=not call.operation.startswith(READS)):
                response = self._visible(call, request, self._answer(call, request))
        except NotImplementedError as missing:
            return _refusal(call, request, str(missing))
        except Exception as crash:
            self._recorder.fault(call, f"{type(crash).__name__}: {crash}")
            self._world.trouble(str(call), crash)
            message = f"{call}: {type(crash).__name__}: {crash}"
            return error(call.protocol, 500, "InternalFailure", message)
        if call.operation in CHANGES:
            self._world.guard.changed()
        if session:
            self._world.deaths.called(session, str(call))
        if 200 <= response.status < 300:
            for fault in faults(call, response):
                self._recorder.fault(call, fault)
        return response

    def _refused(self, call: Call, request: Request) -> Response | None:
        """The answer to a caller who may not do this, None if he may."""
        who = identity.principal(credential(request)[0])
        if who is None:
            return _unknown(call.protocol)
        try:
            for need in needs(call, request):
                self._require(who, need)
        except Denied as denied:
            return _denied(call, str(denied))
        return None

    def _require(self, who: identity.Principal, need: Need) -> None:
        context = (*need.context, ("aws:PrincipalArn", who.arn))
        wanted = Wanted(who.arn, need.action, need.resource, context)
        self._world.guard.require_call(who.session, wanted)

    def _visible(self, call: Call, request: Request, response: Response) -> Response:
        """Whoever may not list a bucket is not told that an object is missing from it."""
        if call.service == "s3" and response.status == 404:
            who = identity.principal(credential(request)[0])
            bucket, thing = s3_resource(request)
            try:
                if who and thing != bucket:
                    self._require(who, Need("s3:ListBucket", bucket))
            except Denied as denied:
                return _denied(call, str(denied))
        return response

    def _answer(self, call: Call, request: Request) -> Response:
        with ExitStack() as stack:
            stack.enter_context(answering(request))
            if call.service in SERIAL:
                stack.enter_context(self._world.lock(call.service))
            return without_slips(call, self._inner(request))


def _denied(call: Call, message: str) -> Response:
    """How each service words that a caller may not do something."""
    code = {"s3": "AccessDenied", "sns": "AuthorizationError"}.get(call.service)
    if code is None:
        code = "AccessDenied" if call.protocol == "query" else "AccessDeniedException"
    return error(call.protocol, 400 if call.protocol == "json" else 403, code, message)


def _unknown(protocol: str) -> Response:
    """How AWS answers an access key that it does not know."""
    if protocol == "rest-xml":
        told = "The AWS Access Key Id you provided does not exist in our records."
        return error(protocol, 403, "InvalidAccessKeyId", told)
    code = "InvalidClientTokenId" if protocol == "query" else "UnrecognizedClientException"
    told = "The security token included in the request is invalid."
    return error(protocol, 400 if protocol == "json" else 403, code, told)


def _refusal(call: Call, request: Request, detail: str = "") -> Response:
    """What is not covered fails loudly; 501 is a status that the SDKs do not retry."""
    name = str(call) if call.operation else f"{call.service} ({request.method} {request.path})"
    message = f"The embedded AWS does not implement {detail or name}; see local_aws/COVERAGE.md."
    return error(call.protocol, 501, "NotImplemented", message)


def faults(call: Call, response: Response) -> Iterator[str]:
    """What is wrong with a successful answer to `call`."""
    operation = service_model(call.service).operation_model(call.operation)
    shape = operation.output_shape
    if shape is None:
        return
    if call.protocol in JSON_PROTOCOLS:
        yield from _json_faults(response.body, shape)
    try:
        parsed = _parser(call.protocol).parse(_as_botocore_reads(operation, response), shape)
    except Exception as unreadable:
        yield f"botocore cannot read it: {unreadable}"
        return
    if call.protocol not in JSON_PROTOCOLS:
        yield from _missing(parsed, shape)


def _json_faults(body: bytes, shape: Shape) -> Iterator[str]:
    payload = shape.serialization.get("payload")
    if payload and isinstance(shape, StructureShape):
        shape = shape.members[payload]
        if shape.type_name in ("blob", "string"):
            return
    try:
        value = json.loads(body or b"{}")
    except ValueError as wrong:
        yield f"the body is no JSON: {wrong}"
        return
    yield from shapes.faults(value, shape)


def _missing(parsed: object, shape: Shape, path: str = "") -> Iterator[str]:
    """Required members that an XML answer left out; what the parser reads has the right types."""
    if isinstance(shape, StructureShape) and isinstance(parsed, dict):
        yield from (
            f"{path}.{name} is missing" for name in shape.required_members if name not in parsed
        )
        for name, value in parsed.items():
            if name in shape.members:
                yield from _missing(value, shape.members[name], f"{path}.{name}")
    elif isinstance(shape, ListShape) and isinstance(parsed, list):
        for index, value in enumerate(parsed):
            yield from _missing(value, shape.member, f"{path}[{index}]")


def _as_botocore_reads(operation: OperationModel, response: Response) -> dict[str, object]:
    streamed = operation.has_streaming_output
    return {
        "status_code": response.status,
        "headers": {name.lower(): value for name, value in response.headers},
        "body": b"" if streamed else response.body,
        "context": {"operation_name": operation.name},
    }


@cache
def _parser(protocol: str) -> ResponseParser:
    return create_parser(protocol)
