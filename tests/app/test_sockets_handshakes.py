"""A WebSocket's handshake whose client is gone."""

import logging
import socket

import pytest
from flask.testing import FlaskClient

HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


def test_a_client_that_is_gone_before_its_handshake_is_answered_is_no_error_of_ours(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours:
        given = {"gunicorn.socket": ours}
        answer = client.get("/api/workers/connect", headers=HANDSHAKE, environ_overrides=given)
    assert answer.status_code == 400
    events = {r.msg["event"]: r.levelname for r in caplog.records if isinstance(r.msg, dict)}
    assert events.get("client_disconnected") == "INFO"
    assert "unexpected_error" not in events
