"""What becomes of a message at each platform; and no secret is anywhere but where it belongs."""

import json
import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.chat import apprise, http_client, lark_cards, senders, slack_cards
from app.chat.messages import Address, DeliveryRefused, GateCard, Message, RetryLater
from app.domain.chat import BotPlatform
from tests.app.chat.loopback import HOSTS, Asked, Reply, serving
from tests.app.chat.platforms import Lark, Slack
from tests.app.chat.test_webhook import MESSAGE

SLACK = Address(BotPlatform.SLACK, Slack.APP, Slack.TOKEN, Slack.SECRET, "C1")
LARK = Address(BotPlatform.LARK, Lark.APP, Lark.SECRET, Lark.TOKEN, "oc_1")
NONE: frozenset[str] = frozenset()


def send(address: Address, message: Message = MESSAGE, hosts: frozenset[str] = NONE) -> str | None:
    return senders.send(address, message, allowed_hosts=hosts)


def test_a_card_at_slack_is_posted_and_edited_in_place(slack: Slack) -> None:
    ref = send(SLACK)
    assert ref in slack.posts
    answered = replace(MESSAGE, gate=replace(MESSAGE.gate, answered="ada: here"))
    senders.edit(SLACK, ref, answered, allowed_hosts=NONE)
    assert "✓ ada: here" in json.dumps(slack.posts[ref], ensure_ascii=False)
    with pytest.raises(DeliveryRefused, match="message_not_found"):
        senders.edit(SLACK, "C1:9.9", answered, allowed_hosts=NONE)


def test_a_card_at_lark_is_posted_and_edited_in_place(lark: Lark) -> None:
    ref = send(LARK)
    assert ref in lark.posts
    assert lark.said[0]["uuid"] == "muster-7"
    answered = replace(MESSAGE, gate=replace(MESSAGE.gate, answered="ada: here"))
    senders.edit(LARK, ref, answered, allowed_hosts=NONE)
    assert "✓ ada: here" in json.dumps(lark.posts[ref], ensure_ascii=False)


def test_a_card_in_chinese_is_within_what_lark_takes(
    lark: Lark, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    answer = lark.answer

    def weighing(asked: Asked) -> Reply:
        sizes.append(len(json.loads(asked.body).get("content", "").encode()))
        return answer(asked)

    monkeypatch.setattr(lark, "answer", weighing)
    gate = replace(MESSAGE.gate, prompt="\u95ee" * 2000)
    send(LARK, replace(MESSAGE, title="\u9898" * 200, body="\u6587" * 20_000, gate=gate))
    assert 10_000 < max(sizes) <= 30_000


@pytest.mark.parametrize("platform", [BotPlatform.WEBHOOK, BotPlatform.APPRISE])
def test_what_cannot_be_edited_is_left(platform: BotPlatform) -> None:
    address = Address(platform, None, None, "https://h.example/", None)
    senders.edit(address, "ref", MESSAGE, allowed_hosts=NONE)


REPLIES: dict[str, tuple[Reply, type[Exception], float | None]] = {
    "429": (Reply(429, b"", {"Retry-After": "12"}), RetryLater, 12.0),
    "500": (Reply(500, b"oops"), RetryLater, None),
    "503 later": (Reply(503, b"", {"Retry-After": "3"}), RetryLater, 3.0),
    "no JSON": (Reply(200, b"<html>"), RetryLater, None),
    "redirect": (Reply(302, b"{}", {"Location": "http://169.254.169.254/"}), DeliveryRefused, None),
}


@pytest.mark.parametrize("name", REPLIES)
@pytest.mark.parametrize("address", [SLACK, LARK], ids=["slack", "lark"])
def test_a_failing_platform_is_retried_when_it_asks(
    slack: Slack, lark: Lark, address: Address, name: str
) -> None:
    reply, kind, after = REPLIES[name]
    fake = slack if address is SLACK else lark
    if name == "redirect" and address is LARK:
        reply = replace(reply, body=b'{"code": 1}')
    fake.knob = lambda _: reply
    with pytest.raises(kind) as raised:
        send(address)
    assert getattr(raised.value, "retry_after_seconds", None) == after


@pytest.mark.parametrize("address", [SLACK, LARK], ids=["slack", "lark"])
def test_a_platform_that_says_nothing_is_left_soon(
    slack: Slack, lark: Lark, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fake in (slack, lark):
        fake.knob = lambda _: Reply(never=True)
    real = http_client.request
    monkeypatch.setattr(http_client, "request", lambda *a, **k: real(*a, **{**k, "seconds": 0.3}))
    with pytest.raises(RetryLater, match="did not answer"):
        send(address)


def test_wrong_credentials_are_final_in_the_platforms_words(slack: Slack, lark: Lark) -> None:
    with pytest.raises(DeliveryRefused, match="invalid_auth"):
        send(replace(SLACK, app_secret="wrong-token"))
    with pytest.raises(DeliveryRefused, match="app secret invalid"):
        send(replace(LARK, app_secret="wrong"))


def test_slacks_client_has_no_way_past_the_guard(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the exemption of a place that an operator has named, loopback is refused."""
    from app.chat import endpoints

    url = endpoints.slack().url
    monkeypatch.setattr(endpoints, "slack", lambda: endpoints.Endpoint(url, frozenset()))
    with pytest.raises(DeliveryRefused, match="plain http"):
        send(SLACK)
    assert slack.said == []


# ---- Apprise ------------------------------------------------------------------------------------


def by_apprise(url: str) -> Address:
    return Address(BotPlatform.APPRISE, None, None, url, None)


def test_apprise_reaches_a_host_that_is_allowed() -> None:
    with serving() as server:
        send(by_apprise(f"json://user:s3cret-pass@127.0.0.1:{server.port}/x"), hosts=HOSTS)
    (request,) = server.asked
    body = json.loads(request.body)
    assert body["title"] == "[WEB #42] Where to?"
    assert "Grüße" in body["message"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]", "0"]
)
def test_apprise_does_not_reach_the_inside(host: str) -> None:
    with serving() as server, pytest.raises((DeliveryRefused, RetryLater)):
        send(by_apprise(f"json://{host}:{server.port}/x"))
    assert server.asked == []


def test_apprise_does_not_follow_a_redirect_to_the_inside() -> None:
    to = {"Location": "http://127.0.0.2:1/latest/meta-data"}
    with (
        serving(Reply(307, headers=to)) as server,
        pytest.raises(DeliveryRefused, match="not on the public Internet"),
    ):
        send(by_apprise(f"json://127.0.0.1:{server.port}/x"), hosts=HOSTS)
    assert len(server.asked) == 1


@pytest.mark.parametrize("url", ["syslog://", "dbus://", "windows://", "nonsense://x", "x"])
def test_what_is_no_network_is_no_address(url: str) -> None:
    with pytest.raises(DeliveryRefused):
        send(by_apprise(url))


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_an_address_names_no_file_of_this_host(scheme: str, tmp_path: Path) -> None:
    template = tmp_path / "template.json"
    template.write_text('{"type": "message", "attachments": [{"contentType": "x"}]}')
    url = f"workflows://127.0.0.1/workflow/signature?template={scheme}{template}"
    with pytest.raises(DeliveryRefused, match="Apprise doesn't support"):
        send(by_apprise(url))


def test_apprise_is_killed_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise, "TIMEOUT_SECONDS", 2.0)
    with (
        serving(Reply(never=True)) as server,
        pytest.raises(RetryLater, match="did not finish in 2 s"),
    ):
        send(by_apprise(f"json://127.0.0.1:{server.port}/x"), hosts=HOSTS)


# ---- cards, and secrets -------------------------------------------------------------------------

HUGE = "x <!channel> @all " * 1000
GATES = [
    GateCard(0, HUGE, 1, "confirm", HUGE, (), None),
    GateCard(0, "", 1, "input", "", (), None),
    GateCard(19, "s", 9, "choose", HUGE, tuple(f"{n} {HUGE}" for n in range(200)), None),
    GateCard(0, "s", 1, "choose", "p", ("", "a"), None),
    GateCard(0, "s", 1, "confirm", "p", (), HUGE),
]


@pytest.mark.parametrize("gate", GATES)
def test_no_text_is_too_long_for_a_card(gate: GateCard) -> None:
    message = replace(MESSAGE, title=HUGE, body=HUGE, gate=gate)
    for bare in (message, replace(message, title="", body="", url=None)):
        card = slack_cards.card(bare)
        assert len(card["blocks"]) <= 50
        assert "<!channel>" not in card["text"]
        assert len(json.dumps(lark_cards.card(bare))) < 200_000


@pytest.fixture
def written(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[Any]:
    from app.logging import configure

    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    configure("DEBUG")
    with caplog.at_level(logging.DEBUG):
        yield lambda: "".join(capfd.readouterr()) + caplog.text
    root.handlers[:] = handlers  # ours writes to what is captured here, and closed afterwards
    root.setLevel(level)


def test_no_secret_is_in_logs_or_errors(slack: Slack, lark: Lark, written: Any) -> None:
    """The other side says all that it was told, in all that it says."""
    words: list[str] = []

    def echo(request: Asked) -> Reply:
        text = f"{request.path} {request.headers} {request.body!r}"
        body = json.dumps({"ok": False, "error": text, "code": 7, "msg": text})
        return Reply(400, body.encode(), {"Retry-After": "1"})

    with serving(echo) as server:
        slack.knob = lark.knob = echo
        key = "whsec-s3cret"
        url = f"http://u:pw-s3cret@127.0.0.1:{server.port}/T0/path-s3cret?key=query-s3cret"
        apprise_url = url.replace("http:", "json:")
        for address in (
            SLACK,
            LARK,
            Address(BotPlatform.WEBHOOK, None, key, url, None),
            Address(BotPlatform.APPRISE, None, None, apprise_url, None),
        ):
            for status in (400, 503):
                slack.knob = lark.knob = server.answering = lambda asked, s=status: replace(
                    echo(asked), status=s
                )
                with pytest.raises((DeliveryRefused, RetryLater)) as raised:
                    send(address, hosts=HOSTS)
                words += [str(raised.value), raised.value.reason, repr(raised.value)]
                assert raised.value.__suppress_context__
    everything = "\n".join(words) + written()
    assert "s3cret" not in everything


@pytest.mark.parametrize(
    ("platform", "url", "left"),
    [
        (
            BotPlatform.WEBHOOK,
            "https://me:passw0rd1@hooks.example.org/T0000Xyzzy?key=Zyx%20wvut98",
            "POST …: 404 at hooks.example.org, …, … and … unknown",
        ),
        # Here the host is none.
        (
            BotPlatform.APPRISE,
            "slack://me:passw0rd1@hooks.example.org/T0000Xyzzy?key=Zyx%20wvut98",
            "POST …: 404 at …, …, … and … unknown",
        ),
    ],
)
def test_of_a_url_each_part_that_may_be_a_secret_is_left_out(
    platform: BotPlatform, url: str, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = f"POST {url}: 404 at hooks.example.org, T0000Xyzzy, passw0rd1 and Zyx wvut98 unknown"

    def refuse(*_: Any, **__: Any) -> None:
        raise DeliveryRefused(words)

    monkeypatch.setattr(senders.webhook, "send", refuse)
    monkeypatch.setattr(senders.apprise, "send", refuse)
    with pytest.raises(DeliveryRefused) as raised:
        send(Address(platform, None, "signing-key", url, None))
    assert raised.value.reason == left


def test_a_name_is_connected_to_as_it_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding, on real sockets: the first answer of the resolver is allowed, the next is not."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.255.255.1"]

    monkeypatch.setattr(http_client, "resolve", resolve)
    with serving() as server:
        url = f"http://rebinding.example:{server.port}/"
        hosts = frozenset({"rebinding.example"})
        answer = http_client.request("POST", url, headers={}, allowed_hosts=hosts)
        assert answer.status == 200
        assert server.asked[0].headers["host"] == f"rebinding.example:{server.port}"
    assert asked == ["rebinding.example"]


def test_a_connection_that_ends_in_the_middle_is_tried_again() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def close_early() -> None:
        peer, _ = listener.accept()
        peer.recv(10)
        peer.close()

    thread = threading.Thread(target=close_early)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    with pytest.raises(RetryLater):
        send(Address(BotPlatform.WEBHOOK, None, "k", url, None), hosts=HOSTS)
    thread.join()
    listener.close()
