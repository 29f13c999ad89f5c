"""Every page of the console and what opens over it, as one goes there in the full world."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from app.server_cli.local.api import ApiClient
from tests.e2e.world import scenes

Act = Callable[[Page], None]
VIEWS = ("transcript", "terminal", "log", "diff", "recording", "events", "usage", "workspace")
# Each view on a task that has something to show there.
VIEWED = {
    "transcript": scenes.ADDRESS,
    "terminal": scenes.UPLOAD,
    "log": scenes.HALF_EVEN,
    "diff": scenes.HALF_EVEN,
    "recording": scenes.PAGES,
    "events": scenes.RETRIES,
    "usage": scenes.HALF_EVEN,
    "workspace": scenes.HALF_EVEN,
}
ADMIN = ("developers", "machines", "worker-tokens", "bots", "deliveries", "audit")

# What a view shows once it has its data: a busy server takes longer than the page is restless.
READY = {
    "terminal": "text=/^(Live|实时)$/",
    "log": "li code span",
    "diff": "table tr",
    "transcript": "[role=tabpanel] time",
    "recording": "[role=tabpanel] .ap-player",
}

MESSAGES = "section:is([aria-label=Messages], [aria-label=消息]) li"

# Resolves once nothing has come or gone for half a second and nothing moves; after some seconds
# anyway.
STILL = """new Promise((resolve) => {
  const moves = () => Promise.allSettled(document.getAnimations().map((one) => one.finished))
  const done = () => { watcher.disconnect(); void moves().then(() => resolve(null)) }
  let timer = setTimeout(done, 500)
  const watcher = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, 500) })
  watcher.observe(document.body, { childList: true, subtree: true })
  setTimeout(() => resolve(null), 5000)
})"""


@dataclass(frozen=True)
class PageSpec:
    """A page by its `path`, what shows that its data is there (`ready`, a selector), and what is
    done there before one looks (`before`).
    """

    name: str
    path: str
    before: Act | None = None
    signed_in: bool = True
    ready: str = "h1"


def list_pages(api: ApiClient) -> list[PageSpec]:
    """With the ids that they have in this world."""
    tasks = {
        each["description"].splitlines()[0]: each["id"]
        for each in api.get("/api/web/tasks", limit=100)["items"]
    }
    machines = {each["name"]: each["id"] for each in api.get("/api/web/machines")["items"]}
    plain = ("tasks", "machines", "projects", "notifications", "profile", "device")
    return [
        PageSpec("login", "/login", signed_in=False),
        PageSpec("inbox", "/"),
        *(PageSpec(name, f"/{name}") for name in plain),
        *(
            PageSpec(
                f"task-{view}",
                f"/tasks/{tasks[VIEWED[view]]}?view={view}",
                ready=READY.get(view, "h1"),
            )
            for view in VIEWS
        ),
        PageSpec("task-gate", f"/tasks/{tasks[scenes.RETRIES]}?view=diff", ready=READY["diff"]),
        PageSpec("task-messages", f"/tasks/{tasks[scenes.NAMES]}", ready=MESSAGES),
        PageSpec(
            "task-watched", f"/tasks/{tasks[scenes.NAMES]}?view=terminal", ready=READY["terminal"]
        ),
        PageSpec("task-unread", f"/tasks/{tasks[scenes.UNREAD]}", ready=MESSAGES),
        PageSpec("task-returned", f"/tasks/{tasks[scenes.LATE]}", ready=MESSAGES),
        PageSpec("task-permission", f"/tasks/{tasks[scenes.TESTS]}", ready="#question"),
        PageSpec("task-failed", f"/tasks/{tasks[scenes.VAT]}"),
        PageSpec("task-budget", f"/tasks/{tasks[scenes.SPENT]}"),
        PageSpec("machine", f"/machines/{machines['curlew']}"),
        PageSpec("project", "/projects/ingest"),
        PageSpec("project-settings", "/projects/ingest?part=settings"),
        PageSpec("project-members", "/projects/ingest?part=members"),
        *(PageSpec(f"admin-{name}", f"/admin/{name}") for name in (*ADMIN, "settings", "usage")),
        PageSpec("admin-prices", "/admin/settings?part=prices"),
        PageSpec("admin-sso", "/admin/settings?part=sso"),
        PageSpec("over-palette", "/tasks", palette),
        PageSpec("over-keys", "/tasks", lambda page: page.keyboard.press("?")),
        PageSpec("over-new-project", "/projects?add=1"),
        PageSpec("over-new-task", "/tasks", lambda page: page.keyboard.press("c")),
        PageSpec("over-account", "/tasks", lambda page: page.get_by_label("Your account").click()),
        PageSpec("over-add-machine", "/machines", pressing("Add machine")),
        PageSpec("over-drain", f"/machines/{machines['heron']}", pressing("Drain …")),
        PageSpec("over-cancel", f"/tasks/{tasks[scenes.UPLOAD]}", pressing("Cancel", "More")),
        PageSpec("over-new-token", "/profile", pressing("New token")),
        PageSpec("over-invite", "/admin/developers", pressing("Invite a person")),
        PageSpec("over-new-bot", "/admin/bots", pressing("New bot")),
        PageSpec("over-new-provider", "/admin/settings?part=sso", pressing("New provider")),
        PageSpec("over-audit-entry", "/admin/audit", showing),
    ]


def palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").get_by_role("combobox").fill("retry")


def showing(page: Page) -> None:
    page.get_by_role("button", name="Show").first.click()


def pressing(name: str, within: str = "") -> Act:
    """Presses the button; where it is not to be seen (on a phone), in the menu `within`."""

    def press(page: Page) -> None:
        button = page.get_by_role("button", name=name, exact=True).first
        if within and not button.is_visible():
            page.get_by_role("button", name=within, exact=True).last.click()
            button = page.get_by_role("menuitem", name=name, exact=True)
        button.click()

    return press


def settle(page: Page) -> None:
    """Until it is there: its heading, and nothing grey in the place of what is still to come."""
    page.locator("h1").first.wait_for()
    page.evaluate(STILL)
    # By locators: what Playwright evaluates in between the page's own policy would stop.
    ghosts = page.locator(".ghost")
    if ghosts.count():
        expect(ghosts).to_have_count(0)
        page.evaluate(STILL)
