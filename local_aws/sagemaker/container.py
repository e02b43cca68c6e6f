"""A serving container, without the container: SageMaker's scikit-learn serving contract over HTTP.

Run by the zygote with a listening socket. The model folder holds the unpacked artifact; the script
that SAGEMAKER_PROGRAM names in SAGEMAKER_SUBMIT_DIRECTORY may define `model_fn(model_dir)`,
`input_fn(body, content_type)`, `predict_fn(data, model)` and `output_fn(prediction, accept)`, or
`transform_fn(model, body, content_type, accept)` instead of the last three.
"""

import importlib
import json
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import cast

JSON, CSV = "application/json", "text/csv"
TEXTS = (JSON, CSV)

type Body = str | bytes
type Transform = Callable[[Body, str, str], object]


class UnsupportedTypeError(Exception):
    """No function of the script handles this content type."""


def load() -> Transform:
    """Import the script, load the model, and return what turns a request into an answer."""
    folder, program = os.environ["SAGEMAKER_SUBMIT_DIRECTORY"], os.environ["SAGEMAKER_PROGRAM"]
    sys.path[0] = folder  # and no longer the folder that this module came from
    script = importlib.import_module(program.removesuffix(".py"))
    model = script.model_fn(os.environ["SM_MODEL_DIR"])
    if whole := getattr(script, "transform_fn", None):
        return lambda body, content_type, accept: whole(model, body, content_type, accept)
    read, predict, write = (
        _function(script, name) for name in ("input_fn", "predict_fn", "output_fn")
    )
    return lambda body, content_type, accept: write(
        predict(read(body, content_type), model), accept
    )


def _function(script: ModuleType, name: str) -> Callable[..., object]:
    return cast(Callable[..., object], getattr(script, name, _DEFAULTS[name]))


def _default_input(body: Body, content_type: str) -> object:
    import numpy as np

    if content_type == JSON:
        return np.array(json.loads(body))
    if content_type == CSV:
        return np.genfromtxt(str(body).splitlines(), delimiter=",")
    raise UnsupportedTypeError(content_type)


def _default_predict(data: object, model: object) -> object:
    return cast("Callable[[object], object]", getattr(model, "predict"))(data)  # noqa: B009


def _default_output(prediction: object, accept: str) -> object:
    rows = cast("Callable[[], list[object]]", getattr(prediction, "tolist"))()  # noqa: B009
    if accept == JSON:
        return json.dumps(rows), accept
    if accept == CSV:
        return "\n".join(str(row) for row in rows) + "\n", accept
    raise UnsupportedTypeError(accept)


_DEFAULTS: dict[str, Callable[..., object]] = {
    "input_fn": _default_input,
    "predict_fn": _default_predict,
    "output_fn": _default_output,
}


class Handler(BaseHTTPRequestHandler):
    """GET /ping and POST /invocations."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    transform: Transform
    one_at_a_time = threading.Lock()

    def do_GET(self) -> None:
        self._answer(200 if self.path == "/ping" else 404, b"", "text/plain")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            # A script need not be safe for threads: the framework's workers have one each.
            with self.one_at_a_time:
                content, content_type = self._transformed(body)
        except UnsupportedTypeError as error:
            self._answer(415, f"Unsupported content type {error}".encode(), "text/plain")
        except Exception as error:
            traceback.print_exc()
            self._answer(500, f"{type(error).__name__}: {error}".encode(), "text/plain")
        else:
            self._answer(200, content, content_type)

    def _transformed(self, body: bytes) -> tuple[bytes, str]:
        content_type = self.headers.get("Content-Type") or JSON
        accept = self.headers.get("Accept") or ""
        if not accept or "*/*" in accept:
            accept = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", JSON)
        plain = content_type.partition(";")[0].strip()
        given: Body = body.decode() if plain in TEXTS else body
        # Handed over by position: scripts name the arguments as they like.
        answer = type(self).transform(given, plain, accept)
        content, kind = answer if isinstance(answer, tuple) else (answer, "text/html")
        return (content if isinstance(content, bytes) else str(content).encode()), _charset(kind)

    def _answer(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def _charset(content_type: str) -> str:
    """The framework's web server names the character set of texts."""
    plain = content_type.startswith("text/") and "charset" not in content_type
    return f"{content_type}; charset=utf-8" if plain else content_type


def main() -> None:
    """Load the model, then serve until killed."""
    listening = socket.socket(fileno=int(os.environ["LISTENING_FD"]))
    Handler.transform = staticmethod(load())
    server = ThreadingHTTPServer(listening.getsockname(), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
