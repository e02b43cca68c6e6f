"""The embedded AWS's port: HTTP/1.1 with connections that stay open, one thread each."""

import socket
import threading
from http import HTTPStatus
from io import BytesIO
from typing import Any, cast

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from local_aws.wire import UNANSWERED, Environ, Handler, Request, Response

HOST = "127.0.0.1"
BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class _Connection(MotoRequestHandler):
    """Reads each request to its end before it is answered, so that the connection can be kept.

    werkzeug's own loop closes every connection, and then waits 10 ms for what might still come.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        environ: Environ = self.make_environ()
        body = self._body(environ)
        handler = cast(Handler, self.server.app)
        self._answer(handler(Request(environ, body)))

    def _body(self, environ: Environ) -> bytes:
        if "wsgi.input_terminated" in environ:
            body = cast(BytesIO, environ.pop("wsgi.input")).read()
            environ["CONTENT_LENGTH"] = str(len(body))
            environ.pop("HTTP_TRANSFER_ENCODING", None)
            return body
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, response: Response) -> None:
        if response is UNANSWERED:
            self.close_connection = True
            return
        self.send_response_only(response.status)
        self.send_header("Date", self.date_time_string())
        bodiless = self.command == "HEAD" or response.status in BODILESS
        for name, value in response.headers:
            if bodiless or name.lower() not in ("content-length", "connection", "date"):
                self.send_header(name, value)
        if not bodiless:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if not bodiless:
            self.wfile.write(response.body)
        self.wfile.flush()


class Server:
    """Serves `handler` on a port of this machine until it is stopped."""

    def __init__(self, port: int, handler: Handler) -> None:
        """Raises OSError if the port is taken."""
        self._socket = socket.create_server((HOST, port), backlog=128)
        self.port = int(self._socket.getsockname()[1])
        self.endpoint = f"http://{HOST}:{self.port}"
        self._server = ThreadedWSGIServer(
            HOST, self.port, cast(Any, handler), _Connection, fd=self._socket.fileno()
        )

    def start(self) -> None:
        """Serve from now on, on a thread of its own."""
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="port", daemon=True
        ).start()

    def stop(self) -> None:
        """Take no more connections."""
        self._server.shutdown()
        self._socket.close()
