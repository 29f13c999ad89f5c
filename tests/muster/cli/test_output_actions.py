"""Each command that acts says in one line what it did, on stderr."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from muster.cli import app
from muster.cli.tokens import Tokens
from tests.muster.cli import json_schema
from tests.muster.cli.shell import SERVER, Shell

MACHINE = {"id": "m" * 36, "name": "heron", "status": "draining", "pinned": True}
GATE = {"taskId": 7, "stageIndex": 1, "number": 0, "round": 1, "kind": "confirm", "choices": []}
TASK = {
    "id": 7,
    "projectKey": "APP",
    "status": "assigned",
    "machineName": "heron",
    "pipeline": [{"name": "plan"}, {"name": "develop"}],
    "currentStageIndex": 1,
}
ANSWER = {
    **TASK,
    "name": "heron",
    "key": "APP",
    "state": "queued",
    "gitName": "Ada",
    "gitEmail": "ada@example.org",
    "detail": "sent",
    "publicKey": "ssh-ed25519 AAAA",
    "link": "https://muster.example/invitation#abc",
    "expiresAt": "2030-01-31T12:00:00.000Z",
    "sent": True,
    "token": "mst_secret",
    "updated": 3,
    "warnings": [],
    "steps": [],
    "plan": [],
    "registry": [{"key": "maxLogMegabytes", "value": 100}],
}
LISTS: Mapping[str, list[dict[str, Any]]] = {
    "/api/web/machines": [MACHINE],
    "/api/web/projects": [{"key": "APP"}],
    "/api/web/projects/-/developers": [{"id": 9, "name": "mei"}],
}
PROJECT_FILE = "key: APP\nname: Application\n"

# Each command that changes something, its arguments, and the start of its line.
ACTIONS = {
    "task create": ("-p APP -d x", "Created #7 in APP: http"),
    "task cancel": ("7 8", "Cancelled #7, #8."),
    "task retry": ("7", "Queued #7 again."),
    "task follow-up": ("7 -d more", "Follow-up 7 of #7 is queued."),
    "task send-back": ("7", "Sent #7 back, as round"),
    "task withdraw": ("7 3", "Withdrew follow-up 3 of #7:"),
    "task message": ("7 text", "Message 7 to #7 waits for the next agent stage."),
    "task withdraw-message": ("7 3", "Withdrew message 3 to #7:"),
    "task interrupt": ("7", "Interrupted the agent of #7."),
    "task confirm": ("7", "Approved #7. develop continues on heron."),
    "task choose": ("7 red", "Answered #7: red. develop continues on heron."),
    "task input": ("7 text", "Answered #7. develop continues on heron."),
    "task dismiss": ("7", "Dismissed #7."),
    "task tunnel start": ("7", "Opening a tunnel to #7."),
    "task tunnel stop": ("7", "Closing the tunnel to #7."),
    "task review": ("7 --approve", "Submitted your review of #7."),
    "task comment": ("7 -b text", "Comment 7 is a draft"),
    "task edit-comment": ("7 4 -b text", "Updated comment 4."),
    "task delete-comment": ("7 4", "Deleted comment 4."),
    "task resolve": ("7 5", "Resolved thread 5 of #7."),
    "task reopen": ("7 5", "Reopened thread 5 of #7."),
    "setup": ("--dismiss", "The console hides these steps."),
    "notifications read": ("--all", "Marked 3 as read."),
    "notifications set-preferences": ("-F taskFailed={}", "Changed your notification"),
    "project apply": ("-f FILE -y", "Updated APP."),
    "project archive": ("APP", "Archived APP."),
    "project unarchive": ("APP", "Restored APP."),
    "project allow": ("APP --host a.example", "APP can reach a.example."),
    "project deploy-key": ("APP --generate", "Generated a deploy key for APP."),
    "project destroy-secrets": ("APP -y", "Destroyed the secrets of APP."),
    "project add-member": ("APP mei", "mei is a member of APP."),
    "project remove-member": ("APP mei", "Removed mei from APP."),
    "invitation create": ("-p APP", "Created invitation 7."),
    "invitation withdraw": ("7 -y", "Withdrew invitation 7."),
    "machine drain": ("heron -y", "heron is assigned."),
    "machine undrain": ("heron", "heron accepts tasks again."),
    "machine pin": ("heron", "heron keeps its release."),
    "machine unpin": ("heron", "heron follows the server's release."),
    "profile set": ("--git-name Ada", "Your commits now use Ada <ada@example.org>."),
    "profile reauthenticate": ("--code 123456", "Confirmed your identity"),
    "profile end-session": ("abc", "Ended session abc."),
    "profile create-token": ("--label x", "Created token 7"),
    "profile revoke-token": ("7", "Revoked token 7."),
    "profile chat-token": ("", "Created a token."),
    "config use": ("work", "The default profile is work"),
    "admin developers create": ("ada --git-email a@example.org", "Created the account heron"),
    "admin developers update": ("7 --role lead", "Changed the account heron."),
    "admin developers reset-totp": ("7 -y", "Removed the second factor of heron."),
    "admin developers sign-out": ("7 -y", "Ended all sessions of account 7."),
    "admin identities link": ("7 --provider idp --subject s", "Linked account 7 to s at idp."),
    "admin identities unlink": ("7 4 -y", "Unlinked identity 4 from account 7."),
    "admin providers create": (
        "--name idp --label x --issuer https://i.example --client-id c",
        "Added the provider idp.",
    ),
    "admin providers update": ("7 -F enabled=false", "Changed the provider heron."),
    "admin providers delete": ("7 -y", "Deleted provider 7"),
    "admin projects create": ("--key APP --repo-url https://g.example/a", "Created APP."),
    "admin projects update": ("APP -F name=x", "Changed APP."),
    "admin projects delete": ("APP -y", "Deleted project APP."),
    "admin projects destroy-secrets": ("APP -y", "Destroyed the secrets of APP."),
    "admin projects set-member": ("APP mei", "mei is a member of APP."),
    "admin projects remove-member": ("APP --developer-id 9", "Removed developer 9 from APP."),
    "admin machines update": ("heron --slots 3", "Changed heron."),
    "admin machines decommission": ("heron -y", "Decommissioned heron."),
    "admin tokens create": ("", "Created enrollment token 7"),
    "admin tokens revoke": ("4", "Revoked enrollment token 4."),
    "admin bots create": ("--platform slack --name b", "Created the bot b (ID 7)."),
    "admin bots update": ("7 -F name=b", "Changed the bot heron."),
    "admin bots delete": ("7 -y", "Deleted bot 7."),
    "admin bots test": ("7", "Tested bot 7: sent"),
    "admin bots bind": ("7 --chat C1 --project APP", "Bound C1 to APP."),
    "admin bots unbind": ("7 --binding-id 4", "Unbound the chat of binding 4."),
    "admin deliveries retry": ("4", "Queued delivery 4 again."),
    "admin settings set": ("maxLogMegabytes=100", "Changed maxLogMegabytes: 100 → 100."),
}
# Commands that change nothing, follow something, or have tests of their own (`login`).
OTHERS = {
    *("api", "attach", "completion", "login", "logout", "verify", "worker", "machine add"),
    *("activity", "agents", "inbox", "invitation list", "search", "status", "usage", "whoami"),
    *("admin audit", "admin bots bindings", "admin bots list", "admin deliveries list"),
    *("admin developers list", "admin identities list", "admin machines list"),
    *("admin projects list", "admin projects members", "admin providers list"),
    *("admin settings list", "admin tokens list", "admin tokens status"),
    *("config list", "config path", "machine list", "machine show", "machine tasks"),
    *("notifications list", "notifications preferences", "notifications watch"),
    *("profile budget", "profile sessions", "profile tokens", "project budget"),
    *("project check", "project developers", "project dry-run", "project list"),
    *("project members", "project show", "task comments", "task diff", "task events"),
    *("task evidence", "task file", "task follow-ups", "task inputs", "task list"),
    "task messages",
    *("task logs", "task open", "task recording", "task reviews", "task show"),
    *("task transcript", "task tunnel status", "task watch", "task why", "task workspace"),
}


def answer(request: httpx.Request) -> httpx.Response:
    path = request.url.path
    if request.method == "GET" and path in LISTS:
        return httpx.Response(200, json={"items": LISTS[path], "nextCursor": None})
    if path.endswith("pending-confirm"):
        return httpx.Response(200, json=answer.gate)  # type: ignore[attr-defined]
    if path.endswith("/follow-ups/3"):
        return httpx.Response(200, json={"instruction": "Now the docs"})
    if path.endswith("/messages/3"):
        return httpx.Response(200, json={"text": "Use make"})
    if path == "/api/web/projects/APP" and request.method == "GET":
        return httpx.Response(200, json={"key": "APP", "name": "Old"})
    return httpx.Response(200, json=ANSWER)


def gate_for(name: str) -> dict[str, Any]:
    if name == "task choose":
        return {**GATE, "kind": "choose", "choices": ["red", "blue"]}
    return {**GATE, "kind": "input"} if name == "task input" else GATE


@pytest.fixture
def shell(home: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr("muster.cli.output.click.edit", lambda *_, **__: "text")
    shell = Shell(answer)
    shell.store_tokens(Tokens(personal="mst_pat_x"), SERVER)
    return shell


def test_each_command_acts_or_does_not() -> None:
    names = json_schema.commands(app.command).keys()
    assert names - ACTIONS.keys() - OTHERS == set()
    assert (ACTIONS.keys() | OTHERS) - names == set()


@pytest.mark.parametrize("name", ACTIONS)
@pytest.mark.parametrize("as_json", [False, True])
def test_an_action_is_one_line_on_stderr(
    shell: Shell, tmp_path: Path, name: str, as_json: bool
) -> None:
    command = json_schema.commands(app.command)[name]
    spec = json_schema.printed(command)
    if as_json and spec is None:
        return
    file = tmp_path / "project.yaml"
    file.write_text(PROJECT_FILE)
    answer.gate = gate_for(name)  # type: ignore[attr-defined]
    words, start = ACTIONS[name]
    arguments = [*name.split(), *words.replace("FILE", str(file)).split()]
    arguments += ["--json", spec.id_field] if as_json and spec else []
    result = shell(*arguments, input_text="secret\n")
    assert result.status == 0, result.err
    said = [line for line in result.err.splitlines() if line.startswith(start)]
    assert len(said) == 1, result.err
    # Other lines are the shown changes of a project, and what a drain does to tasks.
    if name not in ("project apply", "machine drain"):
        assert result.err == f"{said[0]}\n"
    if as_json:
        assert isinstance(json.loads(result.out), list)
