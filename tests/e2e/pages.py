"""Every page of the console and what opens over it, as one goes there in the full world."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from app.server_cli.local.api import ApiClient
from tests.e2e.world import scenes

Act = Callable[[Page], None]
VIEWS = (
    *("transcript", "terminal", "shell", "log", "diff", "recording", "events", "usage"),
    "workspace",
)
# Each view on a task that has something to show there.
VIEWED = {
    "transcript": scenes.ADDRESS,
    "terminal": scenes.UPLOAD,
    "shell": scenes.UPLOAD,
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
    "shell": "text=/^(Live|实时)$/",
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

    @property
    def is_over(self) -> bool:
        """Whether it is a dialog or a menu over a page."""
        return self.name.startswith("over-")


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
        *(
            PageSpec(f"project-{part}", f"/projects/ingest?part={part}")
            for part in ("settings", "secrets", "members", "usage")
        ),
        *(PageSpec(f"admin-{name}", f"/admin/{name}") for name in (*ADMIN, "settings", "usage")),
        PageSpec("admin-prices", "/admin/settings?part=prices"),
        PageSpec("admin-sso", "/admin/settings?part=sso"),
        PageSpec("over-palette", "/tasks", open_palette),
        PageSpec("over-keys", "/tasks", lambda page: page.keyboard.press("?")),
        PageSpec("over-account", "/tasks", open_account_menu),
        PageSpec("over-audit-entry", "/admin/audit", open_audit_entry),
        *(
            PageSpec(f"over-{name}", path, ready="[role=dialog]")
            for name, path in list_dialogs(tasks, machines).items()
        ),
    ]


def list_dialogs(tasks: Mapping[str, int], machines: Mapping[str, str]) -> dict[str, str]:
    """Those that a URL opens, which is the same in every language."""
    return {
        "new-task": "/tasks?new=task",
        "new-project": "/projects?add=1",
        "delete-project": "/projects/ingest?part=settings&do=delete",
        "add-machine": "/machines?add=1",
        "drain": f"/machines?drain={machines['heron']}",
        "cancel": f"/tasks/{tasks[scenes.UPLOAD]}?do=cancel",
        "stop": f"/tasks/{tasks[scenes.UPLOAD]}?do=interrupt",
        "curl": f"/tasks/{tasks[scenes.RETRIES]}?do=curl",
        "retry": f"/tasks/{tasks[scenes.VAT]}?do=retry",
        "follow-up": f"/tasks/{tasks[scenes.HALF_EVEN]}?do=followUp",
        "new-token": "/profile?do=token",
        "invite": "/admin/developers?do=invite",
        "new-worker-token": "/admin/worker-tokens?do=new",
        "new-bot": "/admin/bots?do=new",
        "new-provider": "/admin/settings?part=sso&do=new",
    }


def open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").get_by_role("combobox").fill("retry")


def open_account_menu(page: Page) -> None:
    page.get_by_label(re.compile("^(Your account|你的账号)$")).click()


def open_audit_entry(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^(Show|查看) ")).first.click()


def settle(page: Page) -> None:
    """Until it is there: its heading, and nothing grey in the place of what is still to come."""
    page.locator("h1").first.wait_for()
    page.evaluate(STILL)
    # By locators: what Playwright evaluates in between the page's own policy would stop.
    ghosts = page.locator(".ghost")
    if ghosts.count():
        expect(ghosts).to_have_count(0)
        page.evaluate(STILL)
