"""HTTP requests that are signed as AWS wants them, with the standard library and botocore."""

from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def ask(
    url: str,
    key: tuple[str, str] | None,
    method: str = "GET",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> Answer:
    """Ask a function's URL as whoever has this access key; without one, as nobody."""
    request = AWSRequest(method, url, headers, body)
    if key:
        SigV4Auth(Credentials(*key), "lambda", "eu-west-1").add_auth(request)
    where = urlsplit(url)
    connection = HTTPConnection(where.netloc, timeout=60)
    target = url.partition(where.netloc)[2]
    connection.request(method, target, body, dict(request.headers.items()))
    answer = connection.getresponse()
    found = Answer(answer.status, answer.getheaders(), answer.read())
    connection.close()
    return found
