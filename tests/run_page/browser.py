"""A Chromium of this machine, without a network, spoken to over a pipe (Chrome DevTools Protocol)."""

import base64
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
Json = dict[str, Any]
# Nothing is resolved, and whatever asks is refused at once: only files of this machine open.
OFF = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=127.0.0.1:9",
    "--disable-background-networking",
)
QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip


def installed() -> str | None:
    """Path of a Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One tab. `asked`: every address that a page asked for."""

    def __init__(self, profile: Path) -> None:
        to_read, self._out = os.pipe()
        self._in, to_write = os.pipe()
        self._numbers = itertools.count(1)
        self._rest = b""
        self.asked: list[str] = []
        self.said: list[str] = []
        self._process = subprocess.Popen(  # noqa: S603
            [str(installed()), *QUIET, *OFF, f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=_as_3_and_4(to_read, to_write),
            pass_fds=(3, 4),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._session: str | None = None
        target = self("Target.createTarget", url="about:blank")["targetId"]
        self._session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self(f"{domain}.enable")
        self(
            "Network.emulateNetworkConditions",
            offline=True,
            latency=0,
            downloadThroughput=0,
            uploadThroughput=0,
        )

    def __enter__(self) -> "Browser":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session = None
        self("Browser.close")
        self._process.wait(20)
        os.close(self._in)
        os.close(self._out)

    def __call__(self, method: str, **parameters: Any) -> Json:
        """The answer to a command; what happens meanwhile is noted."""
        number = next(self._numbers)
        message: Json = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        answer = self._wait(lambda found: found.get("id") == number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: Json = answer["result"]
        return result

    def open(
        self, page: Path, width: int = 1280, height: int = 900, dark: bool = False, media: str = "screen"
    ) -> None:
        """Opens a file, at that width and in that colour scheme."""
        self(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self("Page.navigate", url=page.as_uri())
        self._wait(lambda found: found.get("method") == "Page.loadEventFired")

    def ask(self, script: str) -> Any:
        """The value of a script, which may be a promise."""
        given = {"expression": script, "returnByValue": True, "awaitPromise": True}
        answer = self("Runtime.evaluate", **given)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """A key of the keyboard, such as Tab."""
        codes = {"Tab": 9, "Enter": 13}
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=codes[key],
                **text,
            )

    def screenshot(self, path: Path) -> bytes:
        """The whole page as PNG, written to `path`, too."""
        size = self("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        data = base64.b64decode(self("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"])
        path.write_bytes(data)
        return data

    def printed(self) -> bytes:
        """The page as PDF, on A4."""
        given = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True, "preferCSSPageSize": True}
        return base64.b64decode(self("Page.printToPDF", **given)["data"])

    def _wait(self, is_it: Callable[[Json], bool]) -> Json:
        while True:
            while b"\0" not in self._rest:
                more = os.read(self._in, 1 << 20)
                assert more, "Chromium has ended"
                self._rest += more
            line, _, self._rest = self._rest.partition(b"\0")
            found: Json = json.loads(line)
            self._note(found)
            if is_it(found):
                return found

    def _note(self, found: Json) -> None:
        if found.get("method") == "Network.requestWillBeSent":
            self.asked.append(found["params"]["request"]["url"])
        elif found.get("method") == "Log.entryAdded":
            self.said.append(found["params"]["entry"]["text"])
        elif found.get("method") == "Runtime.exceptionThrown":
            self.said.append(str(found["params"]["exceptionDetails"]))


def _as_3_and_4(to_read: int, to_write: int) -> Callable[[], None]:
    def move() -> None:
        # Both may be 3 or 4 themselves: first out of the way.
        reading, writing = os.dup(to_read), os.dup(to_write)
        while min(reading, writing) < 5:
            reading, writing = os.dup(reading), os.dup(writing)
        os.dup2(reading, 3)
        os.dup2(writing, 4)

    return move
