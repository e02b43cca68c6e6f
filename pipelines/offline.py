"""Running the SageMaker SDK where there is no AWS and no network.

The SDK reports its use to its makers and may ask AWS for a role or a bucket. A definition that
depended on an answer would not be the same everywhere, so nothing is answered: each attempt to
leave this process fails and is noted, and the compiler refuses a definition that needed one.
"""

import socket

from sagemaker.core.telemetry import telemetry_logging


def silence_telemetry() -> None:
    """Keep the SDK from reporting; its own switch makes every call seconds slower."""
    telemetry_logging._send_telemetry_request = lambda *_, **__: None


def refuse_network() -> list[str]:
    """Make every connection of this process fail; the list names what was tried from now on."""
    tried: list[str] = []

    def refuse_connection(_: socket.socket, address: object) -> None:
        tried.append(str(address))
        raise ConnectionRefusedError(f"No network while compiling: {address}")

    def refuse_name(host: object, *_: object, **__: object) -> None:
        tried.append(str(host))
        raise socket.gaierror(f"No network while compiling: {host}")

    socket.socket.connect = refuse_connection  # type: ignore[method-assign,assignment]
    socket.getaddrinfo = refuse_name  # type: ignore[assignment]
    return tried
