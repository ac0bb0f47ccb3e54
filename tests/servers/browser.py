"""A headless Chromium, controlled over a pipe (https://chromedevtools.github.io/devtools-protocol/)."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.conftest import needs

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


def headless_chromium() -> str:
    """Return the path of Chromium; of its headless shell where that is installed, which takes half of the processor time."""
    return shutil.which("chromium-headless-shell") or needs("chromium")


class Browser:
    """One page. Raises RuntimeError with the error message of the page or the browser."""

    def __init__(self, into: int, out: int) -> None:
        self._into, self._out = into, os.fdopen(out, "rb")
        self._number = 0
        self._session: str | None = None

    def open(self, url: str) -> None:
        target = self.say("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.say("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.go(url)

    def go(self, url: str) -> None:
        self.say("Page.enable")
        self.say("Page.navigate", url=url)
        while self._read().get("method") != "Page.loadEventFired":
            pass

    def run(self, script: str) -> Any:
        """Evaluate an expression of JavaScript and return its value; promises are awaited."""
        result = self.say("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"]["exception"].get("description"))
        return result["result"].get("value")

    def until(self, script: str, seconds: float = 30) -> Any:
        """Evaluate an expression until it is true, and return its value. Errors before that are ignored, such as a missing element."""
        ends_at = time.monotonic() + seconds
        while True:
            with suppress(RuntimeError):
                if value := self.run(script):
                    return value
            if time.monotonic() > ends_at:
                raise TimeoutError(f"not true after {seconds} seconds: {script}")
            time.sleep(0.05)

    def resize(self, width: int, height: int) -> None:
        self.say("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def press_ctrl_enter(self) -> None:
        for event in ("rawKeyDown", "keyUp"):
            self.say("Input.dispatchKeyEvent", type=event, key="Enter", code="Enter", windowsVirtualKeyCode=13, modifiers=2)

    def type(self, text: str) -> None:
        self.say("Input.insertText", text=text)

    def pick(self, selector: str, *paths: Path) -> None:
        """Choose files in an input element."""
        document = self.say("DOM.getDocument")["root"]["nodeId"]
        node = self.say("DOM.querySelector", nodeId=document, selector=selector)["nodeId"]
        self.say("DOM.setFileInputFiles", files=[str(path) for path in paths], nodeId=node)

    def say(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters} | ({"sessionId": self._session} if self._session else {})
        os.write(self._into, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self._number:
            pass
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        return answer["result"]

    def _read(self) -> dict[str, Any]:
        message = bytearray()
        while (byte := self._out.read(1)) not in (b"\0", b""):
            message += byte
        if not byte:
            raise RuntimeError("the browser is gone")
        return json.loads(message)

    def close(self) -> None:
        with suppress(OSError, RuntimeError):
            self._session = None
            self.say("Browser.close")
        self._out.close()


@contextmanager
def browser(program: str, folder: Path, *flags: str) -> Iterator[Browser]:
    """Run a browser; it downloads into `folder`/downloads."""
    read_orders, orders = os.pipe()
    answers, write_answers = os.pipe()

    def hand_over() -> None:
        """The browser reads orders from descriptor 3 and answers on 4."""
        for source, wanted in ((os.dup(read_orders), 3), (os.dup(write_answers), 4)):
            os.dup2(source, wanted)

    command = [program, *FLAGS, *flags, f"--user-data-dir={folder / 'profile'}", "--remote-debugging-pipe"]
    process = subprocess.Popen(command, preexec_fn=hand_over, pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(read_orders)
    os.close(write_answers)
    opened = Browser(orders, answers)
    try:
        opened.say("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder / "downloads"))
        yield opened
    finally:
        opened.close()
        os.close(orders)
        process.wait(20)
