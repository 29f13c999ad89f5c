"""From `make up` in an empty home to a second person's approval, by what the pages show.

`make walk` prints the clicks, pages and seconds it takes; `SERVER=installed` starts what the
packages install. A click is a button, a link, a tab or a choice; typing isn't counted.
"""

import os
import sys

import pytest
from playwright.sync_api import Browser

from tests.agents.agent_setup import AgentSetup, setup_for
from tests.agents.agents import CLAUDE
from tests.agents.marks import needs_agent
from tests.agents.model.script import call, turn
from tests.agents.model.server import Model
from tests.agents.testbed import PACKAGE, RIGHT, TEST, WRONG
from tests.muster.worker.repositories import Repository
from tests.walk.shell import ServerShell, StartLine, open_shell
from tests.walk.walker import Area, Tally, Walker

pytestmark = [pytest.mark.timeout(1800), needs_agent(CLAUDE)]
MAX_CLICKS, MAX_SECONDS = 25, 180.0
KEY = "ARITH"
OWN_PASSWORD, OTHER_PASSWORD = "a password of the admin's", "a password of the other's"
TASK, OTHER = "Double adds one too many. Repair it.", "mei"
PROMPT = "Does it double now?"


@pytest.fixture
def repository(start_line: StartLine) -> Repository:
    """The new user's own, with a broken package."""
    repository = Repository.create(start_line.sources / "arithmetic.git")
    package = {"__init__.py": PACKAGE, "test_double.py": TEST}
    repository.commit({f"arithmetic/{name}": text for name, text in package.items()})
    start_line.own(repository.path)
    return repository


def test_a_new_user_gets_from_an_empty_home_to_a_second_persons_approval(
    browser: Browser,
    model: Model,
    start_line: StartLine,
    repository: Repository,
    capsys: pytest.CaptureFixture[str],
) -> None:
    play = model.play(
        turn("I read the package.", call("read", path="arithmetic/__init__.py")),
        turn("It adds one.", call("edit", path="arithmetic/__init__.py", old=WRONG, new=RIGHT)),
        turn("Repaired."),
    )
    key, tally = setup_for(CLAUDE, model.url, play.key), Tally()
    with (
        open_shell(start_line) as shell,
        Walker(browser, tally) as admin,
        Walker(browser, tally) as other,
    ):
        with tally.measure("server"):
            shell.start(start_line.line)
        with tally.measure("sign-in"):
            sign_in(admin, shell)
        with tally.measure("project"):
            create_project(admin, repository.path.as_uri())
            add_gate(admin)
            set_key(admin, key)
        with tally.measure("task"):
            create_task(admin)
        with tally.measure("people"):
            accept_invitation(other, invite(admin))
        with tally.measure("approval"):
            approve(other)
        shell.stop()
    with capsys.disabled():
        sys.stdout.write(f"\n{tally.describe()}\n")
    pushed = repository.git("-c", "safe.directory=*", "show", "muster/1:arithmetic/__init__.py")
    assert (RIGHT.strip() in pushed, play.left, tally.elsewhere) == (True, 0, [])
    assert len(tally.clicks) <= MAX_CLICKS
    is_idle = os.getloadavg()[0] <= (os.cpu_count() or 1)
    assert tally.seconds <= MAX_SECONDS or not is_idle


def find_step(person: Walker, name: str) -> Area:
    """Return a step of Getting started, on the page that opens first."""
    return person.area("region", "Getting started").item(f"^{name}")


def sign_in(admin: Walker, shell: ServerShell) -> None:
    """With what was printed, which the console then asks to change."""
    admin.open(shell.read("Console"))
    admin.fill("Username", shell.read("User"))
    admin.fill("Password", shell.read("Password"))
    admin.press("Sign in")
    reminder = admin.area("dialog", "own password")
    reminder.fill("Current password", shell.read("Password"))
    reminder.fill("New password", OWN_PASSWORD)
    reminder.press("Change password")
    admin.area("dialog", "second factor").press("Later")


def create_project(admin: Walker, url: str) -> None:
    """Once there are a machine and an agent on it."""
    find_step(admin, "Machine").wait_for("is connected")
    find_step(admin, "Agent").wait_for(f"Found on .*{CLAUDE.name}")
    find_step(admin, "Project").press("Create a project")
    form = admin.area("dialog", "New project")
    form.fill("^Key", KEY)
    form.fill("^Repository", url)
    form.press("Create project")


def add_gate(admin: Walker) -> None:
    """A second stage runs the tests, once someone has agreed."""
    admin.press("Add stage")
    stage = admin.item("^Stage 2")
    stage.fill("Name", "test")
    stage.choose("Kind", "Shell")
    stage.fill("Script", "python3 -m unittest discover")
    stage.choose("Before it runs", "confirm")
    stage.fill("Question", PROMPT)
    admin.press("Save pipeline")
    admin.wait_for(r"^Saved\.")


def set_key(admin: Walker, given: AgentSetup) -> None:
    """The dialog tells how its agent's key is named. The scripted model's address is a variable."""
    admin.press("^Inbox")
    step = find_step(admin, "Project")
    step.wait_for(f"no key for {CLAUDE.name}")
    step.press("Set a key")
    form = admin.area("dialog", "secret")
    name = form.wait_for(r"uses (\w+)")
    form.fill("Name", name)
    form.fill("Value", given.secrets[name])
    form.press("Set secret")
    variables = "".join(f"{each}={value}\n" for each, value in given.environment.items())
    admin.fill("Environment", variables)
    admin.press("^Save$")
    admin.wait_for(r"^Saved\.")


def create_task(admin: Walker) -> None:
    """Its agent works in the terminal until the gate."""
    admin.press("^Inbox")
    step = find_step(admin, "Task")
    step.wait_for("Describe what you want done")
    step.press("New task")
    form = admin.area("dialog", "New task")
    form.fill("Description", TASK)
    form.press("Create task")
    admin.press("^Terminal$")
    admin.area("region", "^Terminal$")
    admin.wait_for(PROMPT)


def invite(admin: Walker) -> str:
    """Return the link that the dialog shows."""
    admin.press("^Inbox")
    find_step(admin, "Task").wait_for("needs an answer")
    find_step(admin, "People").press("Invite a person")
    form = admin.area("dialog", "Invite")
    if form.offers("Add a project", otherwise="Projects"):
        form.press("Add a project")
    else:
        form.fill("Projects", KEY)
    form.press("Create link")
    made = admin.area("dialog", "Invitation")
    link = made.wait_for(r"https?://\S+")
    made.press("I've saved it")
    return link


def accept_invitation(other: Walker, link: str) -> None:
    other.open(link)
    other.wait_for(f"You join .*{KEY}")
    other.fill("Username", OTHER)
    other.fill("Password", OTHER_PASSWORD)
    other.press("Create account")


def approve(other: Walker) -> None:
    """Getting started is over with the first completed task."""
    find_step(other, "People").wait_for("Done")
    other.wait_for(PROMPT)
    other.press("^Approve")
    other.wait_until_gone("region", "Getting started")
    other.wait_for(r"Completed\s+1\b")
