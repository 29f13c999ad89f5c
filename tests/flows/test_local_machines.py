"""Several machines of one stack on one host, which as root share the host's user IDs."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial, partialmethod
from itertools import combinations
from pathlib import Path

import pytest

from app.embedded.stack import Stack
from app.server_cli.local.api import ApiClient
from app.server_cli.local.machines import LocalMachine
from app.server_cli.up import MAX_MACHINES
from muster.worker.layout import Layout
from muster.worker.sandbox.uids import DEFAULT_UIDS
from muster.worker.server.credentials import Credentials, CredentialStore
from tests.muster.worker.fake_server import FakeServer, fake_server


def machines(area: Path) -> list[LocalMachine]:
    stack = Stack(area, 9)
    return [LocalMachine(stack, area, number) for number in range(1, MAX_MACHINES + 1)]


def test_no_two_machines_of_a_stack_share_a_uid(tmp_path: Path) -> None:
    ranges = [machine.uids for machine in machines(tmp_path)]
    for one, other in combinations(ranges, 2):
        assert one[-1] < other[0] or other[-1] < one[0]
    assert ranges[0] == DEFAULT_UIDS


def test_a_machine_is_started_with_its_own_uids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Sequence[str]] = []

    def launch(
        _: Stack, name: str, argv: Sequence[str], env: Mapping[str, str], **_more: object
    ) -> None:
        started.append(argv)

    monkeypatch.setattr(Stack, "launch", launch)
    for machine in machines(tmp_path)[:3]:
        layout = Layout(machine.home)
        layout.make()
        known = Credentials(machine.stack.url, "id", machine.name, 2, "jwt", 1e12, "secret")
        CredentialStore(layout.credentials).save(known)
        machine.start()
    given = [argv[argv.index("--uids") + 1] for argv in started]
    assert given == ["66000-66999", "67000-67999", "68000-68999"]


class Admin(ApiClient):
    """A session that creates one enrollment token."""

    token_made = "mst_enroll_of-this-test"

    def post(self, path: str, body: Mapping[str, object]) -> dict[str, str]:
        return {"token": self.token_made}


def test_no_process_shows_the_token_that_a_machine_is_enrolled_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens: list[object] = []
    exposing_lines: list[bytes] = []

    def answer(
        server: FakeServer, path: str, body: dict[str, object], bearer: str | None
    ) -> tuple[int, object]:
        # The enrolling process waits for this response, and so does the one that started it.
        tokens.append(body["token"])
        exposing_lines.extend(line for line in command_lines() if Admin.token_made.encode() in line)
        return FakeServer.answer(server, path, body, bearer)

    # It needs no running stack.
    alone = partialmethod(Stack._program, holds_home=False)
    monkeypatch.setattr(Stack, "_program", alone)
    (tmp_path / "logs").mkdir()
    with fake_server() as server:
        monkeypatch.setattr(server, "answer", partial(answer, server))
        machine = LocalMachine(Stack(tmp_path, server.line.port), tmp_path / "machines", 1)
        machine.enroll(Admin(server.url))
    assert machine.is_enrolled()
    assert (tokens, exposing_lines) == ([Admin.token_made], [])


def command_lines() -> list[bytes]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended
            found.append(path.read_bytes())
    return found
