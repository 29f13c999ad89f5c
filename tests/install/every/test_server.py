"""The server: settings, notifications to people and chats, and the audit log."""

from collections.abc import Callable

import pytest

from tests.app.chat.loopback import Reply
from tests.app.chat.platforms import Slack
from tests.flows.running_stack import wait_for
from tests.flows.test_life_of_a_task import shell
from tests.install.every.installed_muster import InstalledMuster
from tests.install.every.shell_user import ShellUser

pytestmark = pytest.mark.timeout(900)
Project = Callable[..., str]


def test_a_message_to_a_chat_is_refused_dies_and_is_sent_when_it_is_tried_again(
    installed_muster: InstalledMuster, admin: ShellUser, ada: ShellUser, project: Project
) -> None:
    key = project("CHATS", shell("say", "echo said"))
    secret = installed_muster.home / "bot-secret"
    secret.write_text(f"{Slack.TOKEN}\n")
    options = f"-F appId={Slack.APP} -F appSecret=@{secret} -F webhookToken={Slack.SECRET}"
    [bot] = admin.run_json(f"admin bots create --platform slack --name first {options}")
    [renamed] = admin.run_json(f"admin bots update {bot['id']} -F name=speaker")
    assert (
        [at["name"] for at in admin.run_json("admin bots list")] == [renamed["name"]] == ["speaker"]
    )
    [bound] = admin.run_json(f"admin bots bind {bot['id']} --chat CROOM --project {key}")
    [tested] = admin.run_json(f"admin bots test {bot['id']}")
    assert (tested["sent"], installed_muster.slack.said[-1]["channel"]) == (True, "CROOM")
    installed_muster.slack.knob = lambda _: Reply(body=b'{"ok": false, "error": "is_archived"}')
    ada.run_json(f"task create -p {key} -d Do --wait")
    dead = wait_for(lambda: admin.run_json("admin deliveries list --state dead"), "dead message")[0]
    assert (dead["botName"], dead["kind"]) == ("speaker", "task_completed")
    installed_muster.slack.knob = lambda _: None
    assert admin.run_json(f"admin deliveries retry {dead['id']}")[0]["state"] != "dead"
    wait_for(lambda: admin.run_json("admin deliveries list --state sent"), "sent message")
    assert admin.run_json(f"admin bots bindings --bot {bot['id']}")[0]["projectKey"] == key
    admin(f"admin bots unbind {bot['id']} --binding-id {bound['id']}")
    assert admin.run_json("admin bots bindings") == []
    admin(f"admin bots delete {bot['id']} --yes")
    assert admin.run_json("admin bots list") == []


def test_settings_change_and_it_is_known_who_changed_them(admin: ShellUser) -> None:
    [changed] = admin.run_json("admin settings set maxLogMegabytes=123")
    assert (changed["key"], changed["value"]) == ("maxLogMegabytes", 123)
    [shown] = [at for at in admin.run_json("admin settings list") if at["key"] == "maxLogMegabytes"]
    assert shown["value"] == 123
    [back] = admin.run_json("admin settings set maxLogMegabytes=null")
    assert back["value"] == back["default"] != 123
    entries = admin.run_json("admin audit --action settings.updated")
    assert [entry["actor"]["name"] for entry in entries[:2]] == ["admin", "admin"]
    assert entries[1]["changes"]["after"] == {"maxLogMegabytes": 123}


def test_the_server_is_asked_how_it_is(
    installed_muster: InstalledMuster, admin: ShellUser, ada: ShellUser
) -> None:
    steps = ada.run_json("setup")
    assert [step["step"] for step in steps] == ["machine", "agent", "project", "task", "people"]
    [status] = ada.run_json("status")
    assert (status["ready"], status["missing"], status["server"]) == (
        True,
        [],
        installed_muster.api.url,
    )
    assert ada("api profile --jq .name") == "ada\n"
    claude = next(agent for agent in ada.run_json("agents") if agent["type"] == "claude")
    assert claude["healthyCount"] >= 1
    for shell_ in ("bash", "zsh", "fish"):
        assert "_MUSTER_COMPLETE" in ada(f"completion {shell_}")


def test_notifications_are_read_chosen_and_watched(
    ada: ShellUser, bob: ShellUser, project: Project
) -> None:
    key = project("NEWS", shell("sign", "true", confirm=True, prompt="Sign it?"))
    with bob.start_beside("notifications watch --tasks") as watch:
        watch.wait_for_output("Press Ctrl-C to stop")
        [made] = ada.run_json(f"task create -p {key} -d Do")
        watch.wait_for_output("Sign it?")
        watch.wait_for_output(f"#{made['id']} {key}")
    news = [item for item in bob.run_json("notifications list") if item["taskId"] == made["id"]]
    [notification] = [item for item in news if item["type"] == "gate_opened"]
    bob(f"notifications read {notification['id']}")
    assert notification["id"] not in [item["id"] for item in bob.run_json("notifications list")]
    bob(f"notifications read --undo {notification['id']}")
    assert notification["id"] in [item["id"] for item in bob.run_json("notifications list")]
    bob("notifications read --all")
    assert bob.run_json("notifications list") == []
    [chosen] = bob.run_json("notifications set-preferences -F 'gateOpened={\"inApp\": false}'")
    assert chosen["gateOpened"] == bob.run_json("notifications preferences")[0]["gateOpened"]
    assert not chosen["gateOpened"]["inApp"]
    bob.run_json("notifications set-preferences -F 'gateOpened={\"inApp\": true}'")
    ada.run_json(f"task cancel {made['id']}")
