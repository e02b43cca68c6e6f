"""A function's own URL: requests become its events, what it returns becomes the answer.

It is `<endpoint>/_lambda-url/<id>/`, since `<id>.lambda-url.<region>.on.aws` is nowhere on this
machine.
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

import json
import uuid
from base64 import b64decode, b64encode
from contextlib import suppress
from datetime import datetime
from urllib.parse import parse_qsl

from local_aws import identity
from local_aws.account import ACCOUNT
from local_aws.authorization import Denied
from local_aws.awslambda.backend import URL_PREFIX as PREFIX
from local_aws.awslambda.backend import backend
from local_aws.awslambda.functions import Function
from local_aws.kernel import World
from local_aws.wire import JSON, Headers, Request, Response, credential, json_response

LARGEST = 6 * 1024 * 1024
FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)
TEXT = ("text/", "application/json", "application/javascript", "application/xml")
# Who calls is told in the context; what proves it is nobody else's.
KEPT_BACK = ("authorization", "x-amz-security-token", "cookie")


class Urls:
    """Answers what is sent to the URLs of functions."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, request: Request) -> Response:
        url_id = request.path.removeprefix(PREFIX).partition("/")[0]
        function = backend().by_url(f"{self._world.endpoint}{PREFIX}{url_id}/")
        key = credential(request)[0]
        if function is None or not self._may_call(key, function.arn):
            return json_response({"Message": FORBIDDEN}, 403)
        payload = json.dumps(_event(request, url_id, key, self._world.now())).encode()
        if len(payload) > LARGEST:
            return json_response({"Message": f"Request must be smaller than {LARGEST} bytes"}, 413)
        with self._world.serving(changes=True):
            return _invoked(function, payload)

    def _may_call(self, key: str, function: str) -> bool:
        """Both actions have to be allowed: on the URL, and on the function by way of it."""
        who = identity.principal(key)
        if who is None:
            return False
        caller = ("aws:PrincipalArn", who.arn)
        url = (("lambda:FunctionUrlAuthType", "AWS_IAM"), caller)
        by_url = (("lambda:InvokedViaFunctionUrl", "true"), caller)
        guard = self._world.guard
        try:
            guard.require(who.arn, "lambda:InvokeFunctionUrl", function, url)
            guard.require(who.arn, "lambda:InvokeFunction", function, by_url)
        except Denied:
            return False
        return True


def _event(request: Request, url_id: str, key: str, now: datetime) -> dict[str, object]:
    """The event in Lambda's payload format 2.0."""
    target, _, query = str(request.environ["REQUEST_URI"]).partition("?")
    path = target.removeprefix(PREFIX + url_id) or "/"
    headers = _headers(request)
    event: dict[str, object] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {k: v for k, v in headers.items() if k not in KEPT_BACK},
        "requestContext": _context(request, url_id, key, now) | {"http": _http(request, path)},
        "isBase64Encoded": False,
    }
    if query:
        event["queryStringParameters"] = _joined(query)
    if cookies := headers.get("cookie"):
        event["cookies"] = [one.strip() for one in cookies.split(";")]
    return event | _body(request)


def _context(request: Request, url_id: str, key: str, now: datetime) -> dict[str, object]:
    return {
        "accountId": ACCOUNT,
        "apiId": url_id,
        "authentication": None,
        "authorizer": {"iam": _iam(key)},
        "domainName": request.header("Host"),
        "domainPrefix": url_id,
        "requestId": str(uuid.uuid4()),
        "routeKey": "$default",
        "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now.timestamp() * 1000),
    }


def _http(request: Request, path: str) -> dict[str, str]:
    return {
        "method": request.method,
        "path": path,
        "protocol": str(request.environ["SERVER_PROTOCOL"]),
        "sourceIp": str(request.environ["REMOTE_ADDR"]),
        "userAgent": request.header("User-Agent"),
    }


def _iam(key: str) -> dict[str, object]:
    """Who calls, as Lambda tells the function."""
    return {
        "accessKey": key,
        "accountId": ACCOUNT,
        "callerId": identity.user_id(key),
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": identity.arn_of_key(key),
        "userId": identity.user_id(key),
    }


def _headers(request: Request) -> dict[str, str]:
    """The headers in small letters; one that came several times is joined by commas already."""
    named = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}
    named |= {
        name: name.removeprefix("HTTP_").replace("_", "-").lower()
        for name in request.environ
        if name.startswith("HTTP_")
    }
    found = ((header, str(request.environ.get(name, ""))) for name, header in named.items())
    return {header: value for header, value in found if value}


def _joined(query: str) -> dict[str, str]:
    """The values of each parameter, joined by commas."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return {name: ",".join(values) for name, values in found.items()}


def _body(request: Request) -> dict[str, object]:
    """The body as text if its type says so, else in base64; nothing if there is none."""
    if not request.body:
        return {}
    if request.header("Content-Type").startswith(TEXT):
        return {"body": request.body.decode(errors="replace")}
    return {"body": b64encode(request.body).decode(), "isBase64Encoded": True}


def _invoked(function: Function, payload: bytes) -> Response:
    result = function.invoke(payload)
    if not result.outcome.failed:
        with suppress(ValueError, TypeError, AttributeError):  # the function may return anything
            return _answer(result.outcome.payload)
    return Response(502, [("Content-Type", "text/plain")], b"Internal Server Error")


def _answer(payload: bytes) -> Response:
    """What a function returned, which is the body if it names no status. Raises if it is none."""
    said = json.loads(payload)
    if not isinstance(said, dict) or "statusCode" not in said:
        return Response(200, [("Content-Type", JSON)], payload)
    status, text = int(said["statusCode"]), said.get("body") or ""
    if not isinstance(text, str) or not 100 <= status < 600:
        raise ValueError(f"no answer to a request: {payload!r:.100}")
    headers: Headers = [(name, str(value)) for name, value in (said.get("headers") or {}).items()]
    if "content-type" not in (name.lower() for name, _ in headers):
        headers.append(("Content-Type", JSON))
    headers += [("Set-Cookie", cookie) for cookie in said.get("cookies") or []]
    encoded = said.get("isBase64Encoded", False)
    return Response(status, headers, b64decode(text, validate=True) if encoded else text.encode())
