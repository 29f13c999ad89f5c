"""Measured Chromium tabs: bytes on the wire, and the tab's memory."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Error, Page, sync_playwright

from bench.errors import NotMeasured
from bench.rig import Rig
from tests import programs

TIMEOUT_MS = 60_000.0  # milliseconds
# Without a graphics card, WebGL is rendered on the CPU, which is slower than none.
_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-3d-apis", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--enable-precise-memory-info"),
    # A page that a benchmark injects has no address, but must reach this machine.
    "--disable-features=LocalNetworkAccessChecks",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium. Raises NotMeasured if it's missing."""
    command = programs.search("chromium")
    if command is None:
        raise NotMeasured('Chromium is missing; run "make bring"')
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=command, args=_FLAGS)
        yield browser
        browser.close()


@contextmanager
def signed_in(browser: Browser, rig: Rig, password: str) -> Iterator[BrowserContext]:
    """Open a browser context with an empty cache, signed in as the admin."""
    context = browser.new_context(base_url=rig.stack.url, locale="en-US")
    context.set_default_timeout(TIMEOUT_MS)
    answer = context.request.post(
        "/api/auth/browser/login",
        data={"username": "admin", "password": password},
        headers={"Origin": rig.stack.url},
    )
    if not answer.ok:
        raise NotMeasured(f"signing in returned {answer.status}")
    yield context
    context.close()


class Wire:
    """A page's received bytes, from now on."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        self.scripts: dict[str, int] = {}  # by address, as sent
        self.open: dict[str, str] = {}  # unfinished requests
        self._types: dict[str, tuple[str, str]] = {}
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.dataReceived", self._data)
        session.on("Network.webSocketFrameReceived", self._frame)
        session.on("Network.loadingFinished", self._finished)
        session.on("Network.loadingFailed", self._failed)
        session.send("Network.enable")

    def _asked(self, event: dict[str, Any]) -> None:
        request = event["requestId"]
        self._types[request] = event.get("type", ""), event["request"]["url"]
        self.open[request] = event["request"]["url"]

    def _data(self, event: dict[str, Any]) -> None:
        self.bytes += event["encodedDataLength"] or event["dataLength"]

    def _frame(self, event: dict[str, Any]) -> None:
        self.bytes += len(event["response"]["payloadData"])

    def _finished(self, event: dict[str, Any]) -> None:
        self.open.pop(event["requestId"], None)
        kind, url = self._types.get(event["requestId"], ("", ""))
        if kind == "Script" or url.endswith(".js"):
            self.scripts[url] = int(event["encodedDataLength"])

    def _failed(self, event: dict[str, Any]) -> None:
        self.open.pop(event["requestId"], None)


def private_bytes(browser: Browser) -> int:
    """Return the private memory of the largest tab process."""
    session: CDPSession = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    sizes = [_private(int(one["id"])) for one in processes if one["type"] == "renderer"]
    return max(sizes, default=0)


def _private(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup")
    lines = rollup.read_text().splitlines() if rollup.exists() else []
    found = [int(line.split()[1]) for line in lines if line.startswith("Private_")]
    return sum(found) * 1024


def quiet(page: Page) -> None:
    """Wait until everything is loaded. Streams stay open, so the network never becomes idle."""
    with suppress(Error):
        page.wait_for_load_state("load")
    page.wait_for_timeout(1500)
