"""Units that systemd accepts, one per process."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from app.embedded.commands import stack_commands
from app.server_cli.installation import paths, units

SYSTEM = paths.system_paths()
OWN = paths.find_paths(user=True)
MAX_EXPOSURE = 4.0


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("where", [SYSTEM, OWN], ids=["system", "user"])
@pytest.mark.parametrize("has_engines", [True, False])
def test_systemd_finds_nothing_wrong(
    where: paths.InstallationPaths, has_engines: bool, tmp_path: Path
) -> None:
    for name, text in units.render_units(where, port=443, has_engines=has_engines).items():
        (tmp_path / name).write_text(text)
    kind = ["--user"] if where.is_user else []
    argv = ["systemd-analyze", "verify", *kind, "--man=no", *map(str, tmp_path.iterdir())]
    env = {"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(argv, capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def exposure(text: str, file: Path) -> float:
    """As systemd sums it up: 10 is a service without any protection."""
    file.write_text(text)
    argv = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    [level] = re.findall(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    return float(level)


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("port", [443, 9000])
def test_each_service_of_the_system_is_well_protected(port: int, tmp_path: Path) -> None:
    made = units.render_units(SYSTEM, port=port, has_engines=True)
    levels = {name: exposure(made[name], tmp_path / name) for name in units.SERVICES}
    assert {name: level for name, level in levels.items() if level > MAX_EXPOSURE} == {}


def test_a_users_own_services_have_no_protection_that_needs_root() -> None:
    made = units.render_units(OWN, port=9000, has_engines=True)
    settings = ("Protect", "Private", "Restrict", "SystemCall", "Capability", "User=")
    lines = [line for text in made.values() for line in text.splitlines()]
    assert [line for line in lines if line.startswith(settings) and "RestartSec" not in line] == []


@pytest.mark.parametrize(
    ("program", "protection"),
    [("/opt/muster/bin/python", "yes"), ("/home/ops/venv/bin/python", "read-only")],
)
def test_homes_are_hidden_unless_the_server_runs_from_one(
    monkeypatch: pytest.MonkeyPatch, program: str, protection: str
) -> None:
    runs_from(monkeypatch, program)
    made = units.render_units(SYSTEM, port=9000, has_engines=True)
    assert f"ProtectHome={protection}\n" in made["muster-web.service"]


def runs_from(monkeypatch: pytest.MonkeyPatch, program: str = "/opt/muster/bin/python") -> None:
    monkeypatch.setattr(units, "ROOT", Path("/opt/muster"))
    for name, value in {"executable": program, "prefix": "/opt", "base_prefix": "/usr"}.items():
        monkeypatch.setattr(f"sys.{name}", value)


@pytest.mark.parametrize(
    ("setting", "value", "protection"),
    [
        ("MUSTER_TLS_CERT", "/etc/muster/cert.pem", "yes"),
        ("MUSTER_TLS_CERT", "/home/ops/cert.pem", "read-only"),
        ("MUSTER_TLS_KEY", "/root/key.pem", "read-only"),
        ("MUSTER_TLS_KEY", "{homes}/ops/key.pem", "read-only"),
        ("MUSTER_TLS_KEY", "{links}/key.pem", "read-only"),
        ("SSL_CERT_DIR", "/etc/ssl/certs:/home/ops/certs", "read-only"),
        (
            "DATABASE_URL",
            "postgresql://u@db/muster?sslrootcert=%2Fhome%2Fops%2Fca.pem",
            "read-only",
        ),
        ("DATABASE_URL", "postgresql://u@db/muster?host=/run/postgresql", "yes"),
        ("REDIS_URL", "redis://home/0", "yes"),
    ],
)
def test_homes_are_not_hidden_from_a_setting_that_names_a_file_in_one(
    setting: str, value: str, protection: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs_from(monkeypatch)
    (real := tmp_path / "var" / "home").mkdir(parents=True)
    (tmp_path / "home").symlink_to(real)  # as where /home is a link
    (tmp_path / "links").symlink_to(tmp_path / "home" / "ops")
    monkeypatch.setattr(units, "_HOMES", (*units._HOMES, tmp_path / "home"))
    where = replace(SYSTEM, root=tmp_path / "written")
    units.write_units(where, {setting: value.format(homes=real, links=tmp_path / "links")})
    made = where.rooted(where.units) / "muster-web.service"
    assert f"ProtectHome={protection}\n" in made.read_text()


def test_each_process_of_a_stack_has_a_unit() -> None:
    assert set(units.PROCESSES) == set(stack_commands(SYSTEM.home).processes)
    made = units.render_units(SYSTEM, port=9000, has_engines=True)
    assert set(made) == set(units.NAMES)


def test_what_serves_waits_for_the_tables_and_never_runs_as_root() -> None:
    made = units.render_units(SYSTEM, port=9000, has_engines=True)
    for name, _ in units.PROCESSES.values():
        assert f"Requires={units.ENGINES} {units.MIGRATE}\n" in made[name]
        assert "User=muster\n" in made[name]
        assert "NoNewPrivileges=yes\n" in made[name]


def test_where_all_is_to_be_read_alone_a_process_has_a_place_for_temporary_files() -> None:
    made = units.render_units(SYSTEM, port=9000, has_engines=True)
    strict = [name for name, text in made.items() if "ProtectSystem=strict\n" in text]
    assert set(strict) == set(units.NAMES) - {units.TARGET}
    assert [name for name in strict if "PrivateTmp=yes\n" not in made[name]] == []


def test_engines_of_one_s_own_are_waited_for_by_nobody() -> None:
    made = units.render_units(SYSTEM, port=9000, has_engines=False)
    assert not any(units.ENGINES in text for text in made.values())


def test_a_port_below_1024_takes_one_right_and_only_the_web_server_has_it() -> None:
    made = units.render_units(SYSTEM, port=443, has_engines=True)
    able = [name for name, text in made.items() if "CAP_NET_BIND_SERVICE" in text]
    assert able == ["muster-web.service"]
    assert "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n" in made["muster-web.service"]
    assert "CapabilityBoundingSet=\n" in made["muster-jobs.service"]


def test_no_word_of_a_command_is_read_as_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/opt/my muster/100%/$x/python")
    made = units.render_units(SYSTEM, port=9000, has_engines=True)
    assert 'ExecStart="/opt/my muster/100%%/$$x/python" -m ' in made["muster-web.service"]
    assert "--hostname=dispatcher@%%h" in made["muster-dispatch.service"]
