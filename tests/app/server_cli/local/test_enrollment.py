"""A worker's files are read, and the worker reads written ones."""

import stat
from pathlib import Path

import pytest

from app.server_cli.local import enrollment
from muster.worker.layout import Layout
from muster.worker.server.credentials import Credentials, CredentialStore

CREDENTIALS = Credentials(
    server="http://127.0.0.1:9000",
    machine_id="f3",
    name="local-1",
    slots=2,
    worker_jwt="jwt",
    renew_at=1.5,
    recovery_secret="secret",
    ca_file="/ca.pem",
)


@pytest.fixture
def store(tmp_path: Path) -> CredentialStore:
    layout = Layout(tmp_path)
    layout.make()
    return CredentialStore(layout.credentials)


def test_the_worker_s_server_and_id_are_known(store: CredentialStore, tmp_path: Path) -> None:
    store.save(CREDENTIALS)
    assert enrollment.server_url(tmp_path) == CREDENTIALS.server
    assert store.machine_id() == enrollment.machine_id(tmp_path)


@pytest.mark.parametrize("content", [None, "", "[]", "{}", "{"])
def test_without_credentials_that_can_be_read_it_is_at_no_server(
    content: str | None, store: CredentialStore, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "credentials" / "credentials.json").write_text(content)
    assert enrollment.server_url(tmp_path) is None


def test_it_can_be_pointed_elsewhere_and_keeps_the_rest(
    store: CredentialStore, tmp_path: Path
) -> None:
    store.save(CREDENTIALS)
    enrollment.set_server_url(tmp_path, "http://127.0.0.1:9001")
    found = store.load()
    assert found.server == "http://127.0.0.1:9001"
    assert (found.recovery_secret, found.ca_file) == ("secret", "/ca.pem")
    kept = tmp_path / "credentials" / "credentials.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
