"""A whole Muster that is installed: the server, a machine, and the command that people have."""

import re
import shlex
import subprocess
from contextlib import ExitStack
from pathlib import Path

from app.server_cli.local.api import ApiClient
from tests.app.chat.platforms import Slack
from tests.flows import reviewed_agent
from tests.flows.running_stack import PASSWORD, wait_for
from tests.flows.test_tunnel import stand_in_command as tunnel_command
from tests.install import installers
from tests.install.every.shell_user import ShellUser
from tests.install.installed_server import PASSPHRASE, TIMEOUT_SECONDS, InstalledServer
from tests.install.people import Person
from tests.muster.worker import tunnel_stand_in

CODE = re.compile(r"^    (\S+)$", re.MULTILINE)


class InstalledMuster(InstalledServer):
    """`people` are signed in, each with a home for their profiles; all of it is of one account."""

    people: dict[str, ShellUser]

    def __init__(self, person: Person, python: str, server: Path, client: Path) -> None:
        super().__init__(
            person, installers.uv(person, python, server, client) / "muster-server", python
        )
        asked = ("uv", "tool", "install", "--quiet", "--python", python, f"{client}[worker]")
        person.output_of(*asked)
        self.command = person.home / ".local" / "bin" / "muster"
        self.operator = ShellUser(person, self.command, "operator")
        self.operator.env = {"MUSTER_BACKUP_PASSPHRASE": PASSPHRASE}  # a server has one place
        self.slack = Slack()
        self._chats = self.slack.running()

    def start_serving(self) -> None:
        self.install(MUSTER_SLACK_API=f"{self._chats.__enter__().url}/api")
        self.fill_repository()
        self._install_agent()
        self._install_tunnel()
        self.people = {"admin": ShellUser(self.person, self.command, "admin")}
        self.sign_in("admin")
        for name in ("ada", "bob"):
            asked = f"admin developers create {name} --git-email {name}@example.org"
            self.people["admin"](asked, given=f"{PASSWORD}\n")
            self.people[name] = ShellUser(self.person, self.command, name)
        self.sign_in("ada", "bob")
        self.worker = self.start_machine("m")

    def sign_in(self, *names: str) -> None:
        """Each user enters their command's code in a browser."""
        with ExitStack() as stack:
            for name in names:
                asked = self.people[name].start_beside(
                    f"login --server {self.api.url} --no-browser"
                )
                login = stack.enter_context(asked)
                found = login.wait_for_match(CODE)
                self.session(name).post(f"/api/web/device/{found[1]}/approve", {})
                stack.callback(login.wait_until_ended, 0)
                stack.callback(login.wait_for_output, f" as {name} (")

    def start_machine(self, name: str) -> "subprocess.Popen[bytes]":
        """Enrolled and running; `claude` is found there."""
        [token] = self.people["admin"].run_json(f"admin tokens create --label {name}")
        home = self.home / "machines" / name
        worker = self.people["admin"]
        at = f"--server {self.api.url} --token - --name {name} --slots 4 --home {home}"
        worker(f"worker enroll {at}", given=f"{token['token']}\n")
        started = self.run_machine(home)
        wait_for(lambda: self._has_agent(name), f"agent of {name}", TIMEOUT_SECONDS)
        return started

    def run_machine(self, home: Path) -> "subprocess.Popen[bytes]":
        """Run the machine enrolled there."""
        shown = f"--file-root {self.home} --mount {self.notes}:rw --mount {self._tunnels}:rw"
        tunnel = f"--tunnel-command {shlex.quote(tunnel_command(self._tunnels))}"
        log = self.logs / f"machine-{home.name}.log"
        return self.people["admin"].start(f"worker run --home {home} {shown} {tunnel}", log)

    def _has_agent(self, name: str) -> bool:
        machines = [m for m in self.api.get("/api/web/machines")["items"] if m["name"] == name]
        known = {at["agentType"]: at["healthy"] for m in machines for at in m["capabilities"]}
        return bool(known.get("claude"))

    def stop(self) -> None:
        if hasattr(self, "worker"):
            self.worker.terminate()
            self.worker.wait(TIMEOUT_SECONDS)  # otherwise the server waits for its open connections
        try:
            self.operator("muster-server uninstall --user --purge --yes")
            assert not (self.home / ".local" / "share" / "muster").exists()
        finally:
            super().stop()
            self._chats.__exit__(None, None, None)

    def session(self, name: str, password: str = PASSWORD) -> ApiClient:
        """What their browser has."""
        made = ApiClient(self.api.url)
        made.login(name, password)
        return made

    def _install_tunnel(self) -> None:
        """Install a stand-in that reports a connection."""
        self._tunnels = self.home / "tunnels"
        self.person.output_of("mkdir", self._tunnels)
        (self._tunnels / "stand-in").write_text(Path(tunnel_stand_in.__file__).read_text())
        (self._tunnels / "plan").write_text("pieces")

    def _install_agent(self) -> None:
        """Which is found on the machine's PATH."""
        text = Path(reviewed_agent.__file__).read_text()
        program = self.person.tools[0] / "claude"
        program.write_text(f"#!/usr/bin/python3 -S\n{text}")
        program.chmod(0o755)
