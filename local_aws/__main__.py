"""`python -m local_aws`: boots the embedded AWS from a template and serves until told to end."""

import argparse
import contextlib
import errno
import json
import os
import signal
import stat
import sys
import threading
from pathlib import Path


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local_aws", description=__doc__)
    parser.add_argument("--template", type=Path, required=True, help="the SAM template to deploy")
    parser.add_argument("--root", type=Path, required=True, help="where logs and files are kept")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--parameter", action="append", default=[], type=_pair, metavar="KEY=VALUE")
    parser.add_argument(
        "--hold",
        action="store_true",
        help="let nothing happen that is due later, until /_local/jump or /_local/advance asks",
    )
    parser.add_argument("--clock-rate", type=float, default=1.0, help="embedded seconds in one")
    parser.add_argument("--keep", action="store_true", help="keep the state in --root, or go on")
    return parser.parse_args()


def _isolate() -> None:
    """Never reach a real account, whatever this shell is set up for."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "false",
    }


def _end_of_parent(ended: threading.Event) -> None:
    """A pipe on standard input closes when whoever started this process is gone."""
    if stat.S_ISFIFO(os.fstat(0).st_mode):

        def wait() -> None:
            while os.read(0, 4096):
                pass
            ended.set()

        threading.Thread(target=wait, name="parent", daemon=True).start()


def _sentence(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken; end the program that has it, or choose another with --port."
    if error.errno == errno.ENOSPC:
        return "The disk is full; make room and start again."
    return f"The embedded AWS cannot start: {error}."


def _say(message: dict[str, object]) -> None:
    with contextlib.suppress(BrokenPipeError):  # whoever started this may be gone
        print(json.dumps(message), flush=True)


def main() -> int:
    """Boot, say where, serve, end. Returns the exit status."""
    arguments = _arguments()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    _end_of_parent(ended)
    _isolate()
    from local_aws.boot import LocalAws, Options
    from local_aws.deploy import DeployError
    from local_aws.deploy.translation import TranslationError
    from local_aws.state import StateError

    options = Options(
        template=arguments.template.resolve(),
        root=arguments.root.resolve(),
        port=arguments.port,
        parameters=dict(arguments.parameter),
        hold=arguments.hold,
        clock_rate=arguments.clock_rate,
        keep=arguments.keep,
    )
    try:
        aws = LocalAws(options)
    except StateError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(_sentence(error, arguments.port), file=sys.stderr)
        return 1
    try:
        outputs = aws.start(lambda line: _say({"progress": line}))
        _say({"endpoint": aws.world.endpoint, "outputs": outputs, "resumed": aws.resumed})
        ended.wait()
    except (DeployError, TranslationError) as error:
        print(f"The template cannot be deployed: {error}", file=sys.stderr)
        return 1
    finally:
        if lost := aws.stop():
            _say({"lost": lost})
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # threads that wait for a client must not hold up the end
