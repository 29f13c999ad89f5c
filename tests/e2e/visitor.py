"""People in front of browsers: pages that are watched, so that nothing goes wrong unseen."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    Response,
    expect,
    sync_playwright,
)

from tests.programs import find

TIMEOUT_MS = 20_000.0  # milliseconds: the machine may be busy
expect.set_options(timeout=TIMEOUT_MS)
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}

# As root it has no sandbox, and it is to ask nobody for anything.
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
    "--disable-sync",
    # By this name it is another machine's address, though it is this one.
    "--host-resolver-rules=MAP plain.muster.test 127.0.0.1",
]
# Reports are seen where they are made; the server's count of them is looked at besides.
_LISTEN = """\
addEventListener('securitypolicyviolation', (event) =>
  console.error(`CSP: ${event.effectiveDirective} stopped ${event.blockedURI}`))"""


_running: list[Playwright] = []


@contextmanager
def run_playwright() -> Iterator[Playwright]:
    """The process's one: while it runs, a thread can't start a second one."""
    if _running:
        yield _running[0]
        return
    with sync_playwright() as playwright:
        _running.append(playwright)
        try:
            yield playwright
        finally:
            _running.clear()


@contextmanager
def launched() -> Iterator[Browser]:
    """Chromium."""
    with run_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find("chromium"), args=FLAGS)
        yield browser
        browser.close()


class Visitor:
    """A browser of somebody's own, with one page or several. What goes wrong in it is in `faults`;
    what a test expects to go wrong it says by `expect`.
    """

    def __init__(self, browser: Browser, url: str, **options: object) -> None:
        self.url, self.errors = url, list[str]()
        self._expected: list[tuple[int, str]] = []
        self._is_cut_off = False
        given = {"viewport": DESK, "locale": "en-US", "timezone_id": "UTC", **options}
        self.context: BrowserContext = browser.new_context(base_url=url, **given)
        self.context.set_default_timeout(TIMEOUT_MS)
        self.context.add_init_script(_LISTEN)
        self.context.on("page", self._watch)
        self.page: Page = self.context.new_page()

    def sign_in(self, name: str, password: str) -> "Visitor":
        """Without the page for it, which has a test of its own."""
        answer = self.context.request.post(
            "/api/auth/browser/login",
            data={"username": name, "password": password},
            headers={"Origin": self.url},
        )
        assert answer.ok, answer.text()
        return self

    def open(self, path: str) -> Page:
        self.page.goto(path)
        return self.page

    def expect(self, status: int, path: str) -> None:
        """An answer of that status to a request whose path has this in it is no fault."""
        self._expected.append((status, path))

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """Without a network, or a server, for a while."""
        self._is_cut_off = True
        yield
        self._is_cut_off = False

    def close(self) -> None:
        self.context.close()

    def _watch(self, page: Page) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.errors.append(f"thrown: {error}"))
        page.on("response", self._answered)
        page.on("requestfailed", self._failed)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type != "error" or self._is_expected(message):
            return
        self.errors.append(f"console: {message.text} ({message.location.get('url')})")

    def _is_expected(self, message: ConsoleMessage) -> bool:
        """Chromium says of each failed answer, and of each connection that is lost, the same."""
        if "Failed to load resource" not in message.text and "net::ERR_" not in message.text:
            return False
        path = urlsplit(message.location.get("url", "")).path
        is_expected = any(each in path for _, each in self._expected)
        return is_expected or self._is_cut_off or "status of" in message.text

    def _answered(self, response: Response) -> None:
        status, path = response.status, urlsplit(response.url).path
        if status < 400 or any(status == one and each in path for one, each in self._expected):
            return
        if not (self._is_cut_off and status in (502, 503)):
            self.errors.append(f"{status} to {response.request.method} {response.url}")

    def _failed(self, request: Request) -> None:
        # A page that is left takes its requests with it.
        if self._is_cut_off or "ERR_ABORTED" in (request.failure or ""):
            return
        self.errors.append(f"{request.failure} of {request.method} {request.url}")
