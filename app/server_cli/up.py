"""`muster-server up`: run Muster with local machines until Ctrl-C or SIGTERM."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import click

from app.embedded import ports
from app.embedded.stack import Stack
from app.server_cli.local import admin, paths, sandbox
from app.server_cli.local.admin import PASSWORD_VARIABLE
from app.server_cli.local.api import ApiClient, ApiError
from app.server_cli.local.command import run_steps
from app.server_cli.local.errors import OperateError
from app.server_cli.local.machines import LocalMachine, await_online
from app.server_cli.local.screen import BOLD, DIM, RESET, Screen
from app.server_cli.local.uids import MAX_MACHINES

NOT_ENROLLED = f"""\
    {{names}}: not enrolled yet; that needs an admin. Set {PASSWORD_VARIABLE} to the current
    password of '{admin.ADMIN_NAME}', and start again."""
NEW_PASSWORD = f"{BOLD}{{password}}{RESET}  {DIM}(shown only once){RESET}"
OLD_PASSWORD = "the one from the first start"
CHOSEN_PASSWORD = f"the one in {PASSWORD_VARIABLE}"
DETAILS = f"""
  From a shell:
    curl -s {{url}}/readyz
    token=$(curl -s {{url}}/api/auth/login -H 'Content-Type: application/json' \\
      -d '{{{{"username": "{admin.ADMIN_NAME}", "password": "<password>"}}}}' |
      python3 -c 'import json, sys; print(json.load(sys.stdin)["accessToken"])')
    curl -s {{url}}/api/web/machines -H "Authorization: Bearer $token"

  The API is described at {{url}}/api/docs (for programs: {{url}}/api/openapi.json).
  Machines accept repositories below {{repositories}}.
  Logs are in {{logs}}.
  Ctrl-C stops everything."""
SIGN_IN = f"""
  Console   {BOLD}{{url}}/{RESET}
  User      {BOLD}{admin.ADMIN_NAME}{RESET}
  Password  {{password}}

  Next: sign in there and follow “Getting started”."""


@click.command("up")
def command() -> None:
    """Run Muster here until Ctrl-C: PostgreSQL, Valkey, the server, and local machines.

    Settings come from the environment: MUSTER_HOME (.muster), the directory for all state;
    MUSTER_PORT (9000); MUSTER_ADMIN_PASSWORD (generated and shown once); MUSTER_MACHINES (1), the
    number of local machines; MUSTER_REPOSITORIES, a directory whose repositories they also accept;
    DATABASE_URL and REDIS_URL, to use your own PostgreSQL and Redis; MUSTER_TLS_CERT and
    MUSTER_TLS_KEY.
    """
    sys.exit(main())


def main(prepare: Callable[[Screen], None] = lambda screen: None) -> int:
    """Run the stack, after `prepare`. Returns the exit code: 0 when asked to stop, 1 after an
    error.
    """
    return run_steps(lambda screen: _run(screen, prepare), "stopped before everything was up", 0)


def _run(screen: Screen, prepare: Callable[[Screen], None]) -> None:
    count = _machine_count()
    first = FirstAdmin(screen, os.environ.get(PASSWORD_VARIABLE))
    env = {PASSWORD_VARIABLE: first.password}
    screen.heading("Muster")
    home, port = paths.stack_home(), paths.stack_port()
    ports.check_before_start(port, home)
    paths.repository_directories(home)  # reports a wrong setting before anything starts
    prepare(screen)
    try:
        with Stack(home, port, env, say=screen.step, prepare=first.ensure_created) as stack:
            _set_up_machines(stack, screen, count, first)
            first.show(stack.url)
            stack.report = lambda line: screen.line(f"  {line}")
            stack.wait()
            screen.line()
            screen.step("stopping")
    finally:
        first.show_unseen_password()
    screen.done()


class FirstAdmin:
    """The admin of the stack, with the chosen password or a generated one that is shown once: last,
    but in any case.
    """

    def __init__(self, screen: Screen, chosen: str | None) -> None:
        self._screen = screen
        self._is_chosen = bool(chosen)
        self.password = chosen or admin.new_password()
        self.is_new = False
        self._is_shown = False

    @property
    def can_sign_in(self) -> bool:
        """Whether we know the password, as far as possible."""
        return self.is_new or self._is_chosen

    def ensure_created(self, stack: Stack) -> None:
        """Create the admin if there is none, before anything serves, so that anyone can sign in
        once Muster reports ready. Raises EmbeddedError.
        """
        self._screen.step("checking for the admin")
        self.is_new = admin.create_admin(stack, is_generated=not self._is_chosen)
        self._screen.done()

    def show(self, url: str) -> None:
        """Show how to sign in, and the next step."""
        self._is_shown = True
        password = OLD_PASSWORD
        if self.is_new:
            password = CHOSEN_PASSWORD if self._is_chosen else NEW_PASSWORD
        self._screen.line(SIGN_IN.format(url=url, password=password.format(password=self.password)))

    def show_unseen_password(self) -> None:
        """Show a generated password after a problem: the next start doesn't know it."""
        if self.is_new and not self._is_chosen and not self._is_shown:
            self._screen.mark_failed()
            password = NEW_PASSWORD.format(password=self.password)
            self._screen.line(f"  Password of {admin.ADMIN_NAME}: {password}")


def _set_up_machines(stack: Stack, screen: Screen, count: int, first: FirstAdmin) -> None:
    """Start the machines, and print what a new user needs."""
    area = paths.machines_directory(stack.home)
    machines = [LocalMachine(stack, area, number) for number in range(1, count + 1)]
    enrolled = [machine for machine in machines if machine.is_enrolled()]
    for machine in enrolled:
        machine.start()
    missing = [machine for machine in machines if machine not in enrolled]
    if missing and first.can_sign_in:
        enrolled += _enroll(stack, missing, screen, first.password)
    elif missing:
        screen.line(NOT_ENROLLED.format(names=", ".join(machine.name for machine in missing)))
    _wait_for_machines(stack, screen, len(enrolled))
    if enrolled and first.can_sign_in:
        with suppress(ApiError), _signed_in(stack, first.password) as api:
            # The password may have changed.
            sandbox.show_sandbox(screen, enrolled[0], api)
    names = " and ".join(str(each) for each in paths.repository_directories(stack.home))
    screen.line(DETAILS.format(url=stack.url, repositories=names, logs=stack.home / "logs"))


def _enroll(
    stack: Stack, missing: list[LocalMachine], screen: Screen, password: str
) -> list[LocalMachine]:
    with _signed_in(stack, password) as api:
        for machine in missing:
            screen.step(f"enrolling {machine.name}")
            machine.enroll(api)
            machine.start()
    return missing


@contextmanager
def _signed_in(stack: Stack, password: str) -> Iterator[ApiClient]:
    """Sign in as the admin, and out again: the admin didn't start that session."""
    api = ApiClient(stack.url)
    api.login(admin.ADMIN_NAME, password)
    try:
        yield api
    finally:
        api.logout()


def _wait_for_machines(stack: Stack, screen: Screen, count: int) -> None:
    if not count:
        return
    screen.step(f"waiting for {count} local machine{'' if count == 1 else 's'}")
    await_online(stack, count)
    screen.done()


def _machine_count() -> int:
    """Return MUSTER_MACHINES. Raises OperateError."""
    text = os.environ.get("MUSTER_MACHINES") or "1"
    if not text.isdecimal() or int(text) > MAX_MACHINES:
        raise OperateError(f"MUSTER_MACHINES must be 0 to {MAX_MACHINES}, not {text!r}")
    return int(text)
