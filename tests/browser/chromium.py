"""Headless Chromium, driven by its DevTools protocol over two pipes: it needs no package.

Protocol: https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
_ENDED = "Chromium has ended"

type Json = dict[str, Any]


@contextmanager
def chromium(profile: Path) -> Iterator["Browser"]:
    """A browser with an empty profile, ended when left."""
    program = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    assert program, "Chromium is missing; install it with `apt-get install chromium`."
    reads, theirs = os.pipe()
    ours, writes = os.pipe()
    # It reads commands from descriptor 3 and writes to 4; the shell puts the pipes there.
    command = f'exec "$@" 3<&{reads} 4>&{writes}'
    process = subprocess.Popen(
        ["bash", "-c", command, "chromium", program, *FLAGS, f"--user-data-dir={profile}"],
        pass_fds=(reads, writes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(reads)
    os.close(writes)
    with os.fdopen(theirs, "wb", 0) as commands, os.fdopen(ours, "rb") as answers:
        try:
            yield Browser(_Pipe(commands, answers))
        finally:
            commands.close()  # which ends it
            process.wait()


@dataclass
class _Pipe:
    """Commands out, answers and events in: JSON, each ended by a zero byte."""

    commands: Any
    answers: Any
    last: int = 0
    left: bytes = b""

    def send(self, method: str, parameters: Json, session: str | None) -> int:
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        message |= {"sessionId": session} if session else {}
        self.commands.write(json.dumps(message).encode() + b"\0")
        return self.last

    def receive(self) -> Json:
        while b"\0" not in self.left:
            more = self.answers.read1(1 << 20)
            assert more, _ENDED
            self.left += more
        message, _, self.left = self.left.partition(b"\0")
        return json.loads(message)


@dataclass
class Browser:
    """One running browser."""

    pipe: _Pipe

    def look(self, url: str, width: int, *, dark: bool = False) -> "Page":
        """Load a page in a new tab and wait until everything in it is loaded."""
        page = Page(self.pipe, width)
        target = page.ask("Target.createTarget", url="about:blank")["targetId"]
        page.session = page.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.ask(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.ask("Emulation.setEmulatedMedia", features=[scheme])
        page.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        page.ask("Page.navigate", url=url)
        page.wait_for("Page.loadEventFired")
        # What the page still has to say arrives before the answer to a question asked of it now.
        page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        return page


@dataclass
class Page:
    """A loaded page, and everything that the browser reported about it."""

    pipe: _Pipe
    width: int
    session: str | None = None
    events: list[Json] = field(default_factory=list)

    def ask(self, method: str, **parameters: object) -> Json:
        """One command; its answer."""
        sent = self.pipe.send(method, parameters, self.session)
        while (message := self.pipe.receive()).get("id") != sent:
            self.events.append(message)
        assert "result" in message, message
        return message["result"]

    def wait_for(self, event: str) -> None:
        """Wait until the browser has reported an event."""
        while all(seen.get("method") != event for seen in self.events):
            self.events.append(self.pipe.receive())

    def evaluate(self, expression: str) -> Any:
        """What an expression is in the page."""
        answer = self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        return answer["result"].get("value")

    def told(self, event: str) -> list[Json]:
        """The parameters of every event of a kind."""
        return [seen["params"] for seen in self.events if seen.get("method") == event]

    def complaints(self) -> list[str]:
        """Errors and warnings: of the console, of scripts, and of what could not be loaded."""
        console = [
            " ".join(str(one.get("value", one.get("description"))) for one in call["args"])
            for call in self.told("Runtime.consoleAPICalled")
            if call["type"] in ("error", "warning", "assert")
        ]
        thrown = [one["exceptionDetails"]["text"] for one in self.told("Runtime.exceptionThrown")]
        logged = [
            entry["text"]
            for entry in (one["entry"] for one in self.told("Log.entryAdded"))
            if entry["level"] in ("error", "warning")
        ]
        failed = [one["errorText"] for one in self.told("Network.loadingFailed")]
        return console + thrown + logged + failed

    def requests(self) -> list[str]:
        """Everything that was asked for, the page itself first."""
        return [one["request"]["url"] for one in self.told("Network.requestWillBeSent")]

    @property
    def scrolls_sideways(self) -> bool:
        """Whether something sticks out to the right."""
        return bool(self.evaluate("document.scrollingElement.scrollWidth") > self.width)

    def screenshot(self, path: Path) -> None:
        """The whole page as a PNG file."""
        height = self.evaluate("document.documentElement.scrollHeight")
        clip = {"x": 0, "y": 0, "width": self.width, "height": height, "scale": 1}
        answer = self.ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    def print(self, path: Path) -> None:
        """The page as it is printed on A4, a PDF file."""
        answer = self.ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)
        path.write_bytes(base64.b64decode(answer["data"]))
