"""The doctor's findings about an installation whose processes can't report them themselves."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import config
from app.embedded import keys
from app.server_cli import main
from app.server_cli.installation import checks, local_server, paths, settings, systemd, units
from app.services.doctor.finding import Finding


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The units' states according to systemd."""
    unit_states = dict.fromkeys(units.NAMES, "active")
    monkeypatch.setattr(systemd, "is_running", lambda _: True)
    monkeypatch.setattr(
        systemd, "unit_states", lambda _, names: {name: unit_states[name] for name in names}
    )
    return unit_states


@pytest.fixture
def port() -> Iterator[int]:
    """A port without a listener."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> paths.InstallationPaths:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.delenv("MUSTER_HOME", raising=False)
    made = paths.user_paths()
    values = {name: make() for name, make in keys.GENERATORS.items()}
    addresses = {"DATABASE_URL": "postgresql://127.0.0.1:1/no", "REDIS_URL": "redis://127.0.0.1:1"}
    rest = {"MUSTER_HOME": str(made.home), "MUSTER_PORT": str(port)}
    settings.write_settings(made.settings, {**values, **addresses, **rest})
    made.units.mkdir(parents=True)
    for name in units.NAMES:
        (made.units / name).touch()
    return made


def failed_checks() -> dict[str, Finding]:
    return {
        each.name: each
        for each in checks.check_installation(local_server.find_server())
        if not each.ok
    }


def test_all_is_well(where: paths.InstallationPaths, states: dict[str, str]) -> None:
    assert failed_checks() == {}


def test_engines_that_do_not_run_are_said_with_what_starts_them(
    where: paths.InstallationPaths, states: dict[str, str]
) -> None:
    states[units.ENGINES] = "failed"
    found = failed_checks()[units.ENGINES]
    assert found.text == "PostgreSQL and Valkey aren't running (failed)"
    assert found.advice.startswith("systemctl --user restart muster-engines.service; ")
    assert "see `muster-server logs engines`" in found.advice


def test_what_systemd_runs_is_restarted_by_it_and_not_by_hand(
    where: paths.InstallationPaths, states: dict[str, str]
) -> None:
    by_hand = Finding("dispatcher", "no heartbeat", "start `celery -A celery_worker worker`")
    found = checks.add_unit_advice(local_server.find_server(), by_hand)
    assert found.advice == (
        "systemctl --user restart muster-dispatch.service; if that doesn't help, "
        "see `muster-server logs dispatch`"
    )
    (where.units / units.ENGINES).unlink()
    theirs = Finding("PostgreSQL", "refused", "start it, or correct DATABASE_URL")
    assert checks.add_unit_advice(local_server.find_server(), theirs) == theirs
    ahead = Finding("migrations", "at 9", "deploy the version that it was migrated for")
    assert checks.add_unit_advice(local_server.find_server(), ahead) == ahead


def test_engines_without_addresses_do_not_run_whatever_systemd_says(
    where: paths.InstallationPaths, states: dict[str, str]
) -> None:
    settings.remove_value(where.settings, "DATABASE_URL")
    assert units.ENGINES in failed_checks()


def test_a_port_of_another_program_is_distinguished_from_a_stopped_web_server(
    where: paths.InstallationPaths, states: dict[str, str], port: int
) -> None:
    states["muster-web.service"] = "activating"
    assert failed_checks()["muster-web.service"].text == "it is activating"
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings.set_value(where.settings, "MUSTER_PORT", str(other.getsockname()[1]))
        other.settimeout(5)
        found = failed_checks()["muster-web.service"]
    assert found.text.startswith("another program uses port ")
    assert "choose another port with `muster-server install`" in found.advice


def test_settings_that_others_may_read_are_said(
    where: paths.InstallationPaths, states: dict[str, str]
) -> None:
    where.settings.chmod(0o640)
    assert f"chmod 600 {where.settings}" in failed_checks()["settings"].advice


def test_keys_that_are_gone_are_said_and_no_new_ones_are_advised(
    where: paths.InstallationPaths, states: dict[str, str]
) -> None:
    settings.remove_value(where.settings, config.SECRETS[0])
    found = failed_checks()["keys"]
    assert found.text == f"not set in {where.settings}: {config.SECRETS[0]}"
    assert "--keys-to FILE" in found.advice
    done = CliRunner().invoke(main, ["doctor", "--json"])
    assert done.exit_code == 1
    assert [each["name"] for each in json.loads(done.output) if not each["ok"]] == ["keys"]
