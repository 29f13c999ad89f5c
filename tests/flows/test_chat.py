"""A task that is created, answered and followed in a chat: the real stack and fake platforms.

Requests come in by a platform's webhook; notifications go out by the outbox.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from app.server_cli.local.api import ApiClient, ApiError
from tests.app.chat.platforms import Lark, Slack
from tests.flows.running_stack import FollowedTask, RunningStack, wait_for

PASSWORD = "a password that only chat tests use"
GIT_TOKEN = "ghp_planted-s3cret"
ROOM, LARK_ROOM = "CROOM", "oc_room"
STAGES = (
    {"name": "build", "kind": "shell", "command": 'echo "$MUSTER_DESCRIPTION" > note.txt'},
    {
        "name": "deploy",
        "kind": "shell",
        "command": "echo deployed >> note.txt",
        "confirm": True,
        "prompt": "Deploy it?",
    },
)


class WebhookClient:
    """The platforms' way to the server: the fakes' HTTP client."""

    def __init__(self, url: str) -> None:
        self._url = url

    def post(
        self, path: str, *, data: bytes, content_type: str, headers: dict[str, str]
    ) -> httpx.Response:
        given = {"Content-Type": content_type, **headers}
        answer = httpx.post(self._url + path, content=data, headers=given, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer


class ChatWorkspace:
    """Slack, Lark, two developers of one project, and its channels. Ada is linked, Bob isn't."""

    def __init__(self, running: RunningStack) -> None:
        self.running, self.admin = running, running.api
        self.slack, self.lark = running.slack, running.lark
        self.door: Any = WebhookClient(running.stack.url)
        self.key = running.project("CHAT", *STAGES, gitToken=GIT_TOKEN)
        self.ada, self.bob = self._join("ada"), self._join("bob")
        self.token = self.bob.post("/api/web/profile/tokens", {"label": "watch"})["token"]
        self.secrets = [
            *(Slack.SECRET, Slack.TOKEN, "/respond/s3cret", GIT_TOKEN, PASSWORD, self.token),
            *(Lark.SECRET, Lark.TOKEN, Lark.KEY, "-s3cret"),
        ]
        self.slack_bot = self._bot(ROOM, platform="slack", appId=Slack.APP, **_SLACK)
        self.lark_bot = self._bot(LARK_ROOM, platform="lark", appId=Lark.APP, **_LARK)

    def _join(self, name: str) -> ApiClient:
        body = {"name": name, "password": PASSWORD, "role": "developer", "gitName": name}
        account = self.admin.post(
            "/api/admin/developers", {**body, "gitEmail": f"{name}@example.org"}
        )
        members = f"/api/web/projects/{self.key}/members"
        self.admin.post(members, {"developerId": account["id"], "role": "member"})
        session = ApiClient(self.running.stack.url)
        session.login(name, PASSWORD)
        return session

    def _bot(self, room: str, **fields: str) -> int:
        bot = int(self.admin.post("/api/admin/bots", {"name": fields["platform"], **fields})["id"])
        bound = {"platformChatId": room, "projectKey": self.key}
        self.admin.post(f"/api/admin/bots/{bot}/bindings", bound)
        return bot

    def chat_token(self, who: ApiClient) -> str:
        token = str(who.post("/api/web/profile/chat-token", {})["token"])
        self.secrets.append(token)
        return token

    def task(self, description: str) -> FollowedTask:
        """Wait for the task with this description."""

        def poll() -> FollowedTask | None:
            found = self.admin.get("/api/web/tasks", projectKey=self.key)["items"]
            ids = [task["id"] for task in found if task["description"] == description]
            return FollowedTask(self.running, int(ids[0])) if ids else None

        return wait_for(poll, f"task “{description}”")

    def deliveries(self, task: FollowedTask) -> list[dict[str, Any]]:
        found = self.admin.get("/api/admin/deliveries", limit=200)["items"]
        return [each for each in found if each["taskId"] == task.id]

    def all_delivered(self, task: FollowedTask) -> list[dict[str, Any]]:
        """Return the task's deliveries once its end is sent and none is pending."""

        def poll() -> list[dict[str, Any]] | None:
            found = self.deliveries(task)
            is_over = {each["state"] for each in found} == {"sent"}
            is_end = any(each["kind"] == "task_completed" for each in found)
            return found if is_over and is_end else None

        return wait_for(poll, "delivered news")

    def is_discreet(self) -> None:
        """Check that no process log, audit entry, error or delivery contains a secret."""
        left = [path.read_text(errors="replace") for path in self.running.home.glob("logs/*.log*")]
        assert len(left) > 4, "those of the servers are among them"
        for path in ("audit-logs", "deliveries", "bots"):
            left.append(json.dumps(self.admin.get(f"/api/admin/{path}", limit=200)))
        again = {"name": "again", "platform": "slack", "appId": Slack.APP, **_SLACK}
        for body in (again, again | {"encryptKey": Lark.KEY}):
            with pytest.raises(ApiError) as refused:
                self.admin.post("/api/admin/bots", body)
            left.append(str(refused.value))
        forged = httpx.post(
            f"{self.running.stack.url}/webhook/slack/events",
            json={"token": Slack.TOKEN, "api_app_id": Slack.APP},
            headers=self.slack.signed(b"something else"),
        )
        assert forged.status_code == 401
        left.append(forged.text)
        whole = "\n".join(left)
        assert all(seen in whole for seen in ("bot.created", "/webhook/slack/interact"))
        assert [secret for secret in self.secrets if secret in whole] == []


_SLACK = {"appSecret": Slack.TOKEN, "webhookToken": Slack.SECRET}
_LARK = {"appSecret": Lark.SECRET, "webhookToken": Lark.TOKEN, "encryptKey": Lark.KEY}


@pytest.fixture(scope="module")
def chat_workspace(running: RunningStack) -> ChatWorkspace:
    office = ChatWorkspace(running)
    office.slack.direct(office.door, "UADA", f"bind {office.chat_token(office.ada)}")
    wait_for(lambda: "You are now ada" in json.dumps(office.slack.said), "linked account")
    return office


class Watch:
    """The notifications in a member's stream."""

    def __init__(self) -> None:
        self.types: list[str] = []
        self.told: list[tuple[int, str]] = []  # task, type of the notification
        self.unread: list[int] = []

    def read(self, lines: Iterator[str]) -> None:
        for line in lines:
            if not line.startswith("data: "):
                continue
            data = json.loads(line.removeprefix("data: "))
            self.types += [event["type"] for event in data.get("events", ())]
            for each in data.get("notifications", ()):
                self.told.append((each["taskId"], each["type"]))
            if data.get("unreadCount") is not None:
                self.unread.append(data["unreadCount"])


@contextmanager
def watching(office: ChatWorkspace) -> Iterator[Watch]:
    """Bob watches, with a personal access token."""
    watch = Watch()
    url = f"{office.running.stack.url}/api/web/stream"
    headers = {"Authorization": f"Bearer {office.token}"}
    with httpx.Client(timeout=30) as client, client.stream("GET", url, headers=headers) as answer:
        assert answer.status_code == 200
        lines = answer.iter_lines()
        while next(lines) != "event: hello":
            pass
        reader = threading.Thread(target=_quietly, args=(watch, lines), daemon=True)
        reader.start()
        yield watch


def _quietly(watch: Watch, lines: Iterator[str]) -> None:
    try:
        watch.read(lines)
    except httpx.HTTPError:
        return  # the test has seen enough


def card_at(slack: Slack, chat: str, task: FollowedTask) -> str | None:
    """Return the ref of the one card in that chat with the task's question."""
    found = [
        ref
        for ref, post in list(slack.posts.items())
        if post["channel"] == chat and is_question(post.get("blocks"), task)
    ]
    assert len(found) <= 1, "a question appears once"
    return found[0] if found else None


def is_question(card: Any, task: FollowedTask) -> bool:
    text = json.dumps(card, ensure_ascii=False)
    return "Deploy it?" in text and f"#{task.id} ·" in text


def edits(slack: Slack, ref: str) -> list[dict[str, Any]]:
    return [
        message for message in slack.said if f"{message.get('channel')}:{message.get('ts')}" == ref
    ]


def blocks_text(post: dict[str, Any]) -> str:
    return json.dumps(post["blocks"], ensure_ascii=False)


def closed_cards(office: ChatWorkspace, task: FollowedTask, words: str) -> None:
    """The channel and Ada have one card each, edited once: no buttons, and who answered."""
    for chat in (ROOM, "UADA"):
        ref = card_at(office.slack, chat, task)
        assert ref is not None, chat
        assert words in blocks_text(office.slack.posts[ref]), chat
        assert '"actions"' not in blocks_text(office.slack.posts[ref]), chat
        assert len(edits(office.slack, ref)) == 1, chat
        cards = [json.dumps(p) for p in list(office.slack.posts.values()) if p["channel"] == chat]
        assert sum(f"Task {task.id} completed" in each for each in cards) == 1, chat


def ask_in_channel(office: ChatWorkspace, description: str) -> tuple[FollowedTask, str]:
    """Create a task as Ada; return it and the card of its question."""
    office.slack.mention(office.door, "UADA", ROOM, f'develop "{description}"')
    task = office.task(description)
    task.wait_for_status("suspended")
    return task, wait_for(lambda: card_at(office.slack, ROOM, task), "card")


def test_from_develop_in_a_channel_to_a_button_to_done(chat_workspace: ChatWorkspace) -> None:
    with watching(chat_workspace) as bob:
        task, card = ask_in_channel(chat_workspace, "Ship it.")
        assert "Deploy it?" in blocks_text(chat_workspace.slack.posts[card])
        wait_for(lambda: (task.id, "gate_opened") in bob.told, "notification")
        assert bob.unread[-1:] == [1]
        chat_workspace.slack.press(chat_workspace.door, "UADA", card, "Approve")
        done = task.wait_for_status("completed")
        wait_for(lambda: "completed" in bob.types, "end in the stream")
    note = chat_workspace.running.repository.git("show", f"{done['branch']}:note.txt")
    assert note == "Ship it.\ndeployed"
    chat_workspace.all_delivered(task)
    closed_cards(chat_workspace, task, "answered by ada: confirm")
    assert bob.told == [(task.id, "gate_opened")]
    assert bob.unread == [0, 1, 0], "read once answered; how it ended is its creator's news"
    chat_workspace.is_discreet()


def test_an_answer_in_the_web_closes_the_card_in_the_channel(chat_workspace: ChatWorkspace) -> None:
    task, _card = ask_in_channel(chat_workspace, "Ship it from the web.")
    chat_workspace.bob.post(f"{task.path}/confirm-stage", {"stageIndex": 1, "result": "confirm"})
    task.wait_for_status("completed")
    chat_workspace.all_delivered(task)
    closed_cards(chat_workspace, task, "answered by bob: confirm")


def test_from_develop_to_done_at_lark(chat_workspace: ChatWorkspace) -> None:
    bind = f"bind {chat_workspace.chat_token(chat_workspace.bob)}"
    chat_workspace.lark.post(
        chat_workspace.door, chat_workspace.lark.message("ou_bob", "oc_p2p_bob", bind)
    )
    wait_for(lambda: "You are now bob" in json.dumps(chat_workspace.lark.said), "linked account")
    message = chat_workspace.lark.message("ou_bob", LARK_ROOM, 'develop "Ship it at Lark."')
    chat_workspace.lark.post(chat_workspace.door, message)
    task = chat_workspace.task("Ship it at Lark.")

    def card() -> str | None:
        found = [
            ref
            for ref, post in list(chat_workspace.lark.posts.items())
            if post["chat"] == LARK_ROOM and is_question(post["card"], task)
        ]
        return found[0] if found else None

    ref = wait_for(card, "card")
    chat_workspace.lark.post(
        chat_workspace.door, chat_workspace.lark.press("ou_bob", ref, "Approve")
    )
    task.wait_for_status("completed")
    chat_workspace.all_delivered(task)
    assert "answered by bob: confirm" in json.dumps(
        chat_workspace.lark.posts[ref], ensure_ascii=False
    )
    assert sum(request["path"].endswith(ref) for request in chat_workspace.lark.said) == 1
    assert any(
        f"Task {task.id} completed" in json.dumps(request) for request in chat_workspace.lark.said
    )
    chat_workspace.is_discreet()
