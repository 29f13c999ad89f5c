"""What the server does: settings, what it tells people and chats, and who has done what."""

from collections.abc import Callable

import pytest

from tests.app.chat.loopback import Reply
from tests.app.chat.platforms import Slack
from tests.flows.running_stack import until
from tests.flows.test_life_of_a_task import shell
from tests.install.every.installed_muster import Whole
from tests.install.every.shell_user import Somebody

pytestmark = pytest.mark.timeout(900)
Project = Callable[..., str]


def test_a_message_to_a_chat_is_refused_dies_and_is_sent_when_it_is_tried_again(
    whole: Whole, admin: Somebody, ada: Somebody, project: Project
) -> None:
    key = project("CHATS", shell("say", "echo said"))
    secret = whole.home / "bot-secret"
    secret.write_text(f"{Slack.TOKEN}\n")
    said = f"-F appId={Slack.APP} -F appSecret=@{secret} -F webhookToken={Slack.SECRET}"
    [bot] = admin.told(f"admin bots create --platform slack --name first {said}")
    [renamed] = admin.told(f"admin bots update {bot['id']} -F name=speaker")
    assert [at["name"] for at in admin.told("admin bots list")] == [renamed["name"]] == ["speaker"]
    [bound] = admin.told(f"admin bots bind {bot['id']} --chat CROOM --project {key}")
    [tested] = admin.told(f"admin bots test {bot['id']}")
    assert (tested["sent"], whole.slack.said[-1]["channel"]) == (True, "CROOM")
    whole.slack.knob = lambda _: Reply(body=b'{"ok": false, "error": "is_archived"}')
    ada.told(f"task create -p {key} -d Do --wait")
    dead = until(lambda: admin.told("admin deliveries list --state dead"), "dead message")[0]
    assert (dead["botName"], dead["kind"]) == ("speaker", "task_completed")
    whole.slack.knob = lambda _: None
    assert admin.told(f"admin deliveries retry {dead['id']}")[0]["state"] != "dead"
    until(lambda: admin.told("admin deliveries list --state sent"), "sent message")
    assert admin.told(f"admin bots bindings --bot {bot['id']}")[0]["projectKey"] == key
    admin(f"admin bots unbind {bot['id']} --binding-id {bound['id']}")
    assert admin.told("admin bots bindings") == []
    admin(f"admin bots delete {bot['id']} --yes")
    assert admin.told("admin bots list") == []


def test_settings_change_and_it_is_known_who_changed_them(admin: Somebody) -> None:
    [changed] = admin.told("admin settings set logMegabytes=123")
    assert (changed["key"], changed["value"]) == ("logMegabytes", 123)
    [shown] = [at for at in admin.told("admin settings list") if at["key"] == "logMegabytes"]
    assert shown["value"] == 123
    [back] = admin.told("admin settings set logMegabytes=null")
    assert back["value"] == back["default"] != 123
    entries = admin.told("admin audit --action settings.updated")
    assert [entry["actor"]["name"] for entry in entries[:2]] == ["admin", "admin"]
    assert entries[1]["changes"]["after"] == {"logMegabytes": 123}


def test_the_server_is_asked_how_it_is(whole: Whole, admin: Somebody, ada: Somebody) -> None:
    [told] = ada.told("status")
    assert (told["ready"], told["missing"], told["server"]) == (True, [], whole.api.url)
    assert ada("api profile --jq .name") == "ada\n"
    claude = next(agent for agent in ada.told("agents") if agent["type"] == "claude")
    assert claude["healthyCount"] >= 1
    for shell_ in ("bash", "zsh", "fish"):
        assert "_MUSTER_COMPLETE" in ada(f"completion {shell_}")


def test_what_one_is_told_is_read_chosen_and_watched(
    ada: Somebody, bob: Somebody, project: Project
) -> None:
    key = project("NEWS", shell("sign", "true", confirm=True, prompt="Sign it?"))
    with bob.beside("notifications watch --tasks") as watch:
        watch.until_said("Ctrl-C ends it")
        [made] = ada.told(f"task create -p {key} -d Do")
        watch.until_said("Sign it?")
        watch.until_said(f"#{made['id']} {key}")
    news = [item for item in bob.told("notifications list") if item["taskId"] == made["id"]]
    [told] = [item for item in news if item["type"] == "gate_opened"]
    bob(f"notifications read {told['id']}")
    assert told["id"] not in [item["id"] for item in bob.told("notifications list")]
    bob(f"notifications read --undo {told['id']}")
    assert told["id"] in [item["id"] for item in bob.told("notifications list")]
    bob("notifications read --all")
    assert bob.told("notifications list") == []
    [chosen] = bob.told("notifications choose -F 'gateOpened={\"inApp\": false}'")
    assert chosen["gateOpened"] == bob.told("notifications choices")[0]["gateOpened"]
    assert not chosen["gateOpened"]["inApp"]
    bob.told("notifications choose -F 'gateOpened={\"inApp\": true}'")
    ada.told(f"task cancel {made['id']}")
