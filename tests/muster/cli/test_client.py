"""Which requests are retried and which never are; streams that resume after a disconnect."""

import ssl
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from muster.cli.client import Api, create_tls_context
from muster.cli.credentials import StaticToken
from muster.cli.errors import ApiError, CliError, Unreachable
from tests.certificates import make, pem

Answer = Callable[[httpx.Request], httpx.Response]


class Server:
    """Returns these responses in order, then repeats the last one."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.waited: list[float] = []
        transport = httpx.MockTransport(self._answer)
        self.api = Api(
            "https://muster.example", StaticToken("mst_pat_x"), "", transport, self._wait
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _wait(self, seconds: float) -> None:
        self.waited.append(seconds)


def no(status: int, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"code": "x", "detail": "No."}, headers=headers)


CUT = httpx.ReadTimeout("cut")
AWAY = httpx.ConnectError("away")
YES = httpx.Response(200, json={})


@pytest.mark.parametrize(
    ("method", "key", "first", "times"),
    [
        pytest.param("GET", "", CUT, 2, id="a read whose answer was lost"),
        pytest.param("PUT", "", CUT, 2, id="a PUT, which may come twice"),
        pytest.param("POST", "", CUT, 1, id="a POST that may have had its effect"),
        pytest.param("POST", "k", CUT, 2, id="a POST with a key"),
        pytest.param("POST", "", AWAY, 2, id="a POST that never left"),
        pytest.param("POST", "", no(503, **{"Retry-After": "2"}), 1, id="a POST, refused for now"),
        pytest.param("POST", "k", no(503, **{"Retry-After": "2"}), 2, id="the same with a key"),
        pytest.param("GET", "", no(502), 2, id="a read that a proxy has nobody for"),
        pytest.param("DELETE", "", no(504), 2, id="a DELETE that a proxy has waited for in vain"),
        pytest.param("POST", "", no(502), 1, id="a POST that a proxy may have handed on"),
        pytest.param("GET", "", no(429, **{"Retry-After": "1"}), 2, id="too many"),
        pytest.param("GET", "", no(429, **{"Retry-After": "900"}), 1, id="far too many"),
        pytest.param("GET", "", no(500), 1, id="an error"),
        pytest.param("GET", "", no(404), 1, id="not there"),
    ],
)
def test_what_is_safe_is_asked_again(
    method: str, key: str, first: httpx.Response | Exception, times: int
) -> None:
    server = Server(first, YES)
    if times == 1:
        with pytest.raises(CliError):
            server.api.send(method, "/x", key=key)
    else:
        assert server.api.send(method, "/x", key=key).status_code == 200
    assert len(server.asked) == times


def test_it_is_given_up_in_the_end() -> None:
    server = Server(AWAY)
    with pytest.raises(Unreachable, match=r"Can't reach https://muster\.example: away"):
        server.api.get("/x")
    assert len(server.asked) == 4
    assert server.waited == sorted(server.waited)


def test_nobody_is_followed_elsewhere_with_a_token() -> None:
    server = Server(httpx.Response(302, headers={"Location": "https://evil.example/"}))
    with pytest.raises(Unreachable, match="redirects elsewhere"):
        server.api.get("/x")
    assert {request.url.host for request in server.asked} == {"muster.example"}


def test_a_personal_token_that_is_refused_is_not_renewed() -> None:
    refusal = httpx.Response(401, json={"code": "invalid_token", "detail": "No."})
    server = Server(refusal)
    with pytest.raises(ApiError) as refused:
        server.api.get("/x")
    assert (refused.value.status, refused.value.advice) == (3, "muster login")
    assert len(server.asked) == 1


def test_what_is_no_answer_of_musters_is_said_to_be_none() -> None:
    with pytest.raises(Unreachable, match="isn't a Muster server"):
        Server(httpx.Response(200, text="<html>")).api.get("/x")
    with pytest.raises(ApiError, match=r"Bad Gateway \(502\)"):
        Server(httpx.Response(502, text="<html>")).api.get("/x")


def test_a_list_is_taken_page_by_page_and_no_further_than_asked() -> None:
    pages = [
        httpx.Response(200, json={"items": [{"id": n} for n in ids], "nextCursor": cursor})
        for ids, cursor in (([1, 2], "next"), ([3], None))
    ]
    server = Server(*pages)
    assert [item["id"] for item in server.api.items("/x", 0, status=["a", "b"], q=None)] == [
        1,
        2,
        3,
    ]
    assert [str(request.url.query, "ascii") for request in server.asked] == [
        "limit=200&status=a%2Cb",
        "limit=200&cursor=next&status=a%2Cb",
    ]
    server = Server(*pages)
    assert len(list(server.api.items("/x", 2))) == 2
    assert len(server.asked) == 1


def stream(*events: str) -> httpx.Response:
    return httpx.Response(200, text="".join(f"{event}\n\n" for event in events))


def test_a_stream_resumes_after_the_last_event_after_a_disconnect_and_after_an_end() -> None:
    server = Server(
        stream('event: hello\nid: 1:\ndata: {"events": 1}', "event: events\nid: 2:\ndata: [2]"),
        AWAY,
        stream('event: end\nid: 2:\ndata: {"reason": "going_away"}'),
        stream("event: events\nid: 3:\ndata: [3]"),
    )
    events = list(islice(server.api.events("/stream"), 3))
    assert [event.data for event in events] == [{"events": 1}, [2], [3]]
    assert [request.headers.get("Last-Event-ID") for request in server.asked] == [
        None, "2:", "2:", "2:",
    ]  # fmt: skip


def test_a_stream_says_that_it_lives_to_who_asks() -> None:
    events = (": here", 'id: 1:\ndata: "one"')
    for beats, names in [(False, ["message"]), (True, ["beat", "message"])]:
        found = Server(stream(*events)).api.events("/stream", beats=beats)
        assert [event.name for event in islice(found, len(names))] == names


def test_a_stream_that_is_refused_is_over() -> None:
    server = Server(no(404))
    with pytest.raises(ApiError):
        list(server.api.events("/stream"))
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_stream_survives_a_server_that_is_briefly_unavailable(status: int) -> None:
    first, later = stream('id: 1:\ndata: "one"'), stream('id: 2:\ndata: "two"')
    server = Server(first, no(status), no(status, **{"Retry-After": "7"}), later)
    assert [event.data for event in islice(server.api.events("/stream"), 2)] == ["one", "two"]
    assert [request.headers.get("Last-Event-ID") for request in server.asked[1:]] == ["1:"] * 3
    assert server.waited[-1] == 7

    server = Server(no(status))
    with pytest.raises(ApiError, match=str(status)):
        list(server.api.events("/stream"))
    assert len(server.asked) == 4


def test_a_stream_says_texts_that_have_other_ends_of_lines_in_them() -> None:
    """The server sends these characters unescaped."""
    server = Server(stream('data: "a\u2028b\u2029c\x85d"'))
    assert next(server.api.events("/stream")).data == "a\u2028b\u2029c\x85d"


def test_a_servers_own_certificate_is_trusted_as_machines_trust_it(tmp_path: Path) -> None:
    """Also one that an unknown CA has signed."""
    server = make("muster.example", by=make("authority"))
    own, key = tmp_path / "own.pem", tmp_path / "key.pem"
    own.write_text(pem(server))
    key.write_bytes(
        server[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    serves = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serves.load_cert_chain(own, key)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = create_tls_context(str(own)).wrap_bio(back, there, server_hostname="muster.example")
    theirs = serves.wrap_bio(there, back, server_side=True)
    for end in (ours, theirs):
        with suppress(ssl.SSLWantReadError):
            end.do_handshake()
    ours.do_handshake()  # raises if it isn't trusted
