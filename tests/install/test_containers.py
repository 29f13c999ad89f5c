"""deploy/'s Containerfile and compose file: built and run by podman in a root with its own network,
with Debian's packages in place of Docker's registry images."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.running_stack import wait_for
from tests.install import containers
from tests.install.containers import BUILDING, Containers
from tests.install.roots import Root
from tests.install.supplies import PASSWORD, Supplies

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can enter a root"),
    pytest.mark.needs("debian-containers"),
]
DEPLOY = Path(__file__).parents[2] / "deploy"
OWN = ["muster", "900", "900"]
# Caddy gives this name a certificate from its own authority.
NAMED = {"MUSTER_NAME": "localhost", "MUSTER_ADMIN_PASSWORD": PASSWORD}
# podman has systemd check a container's health, and there is none here.
UNCHECKED = {"DISABLE_HC_SYSTEMD": "true"}
AUTHORITY = "/mnt/store/volumes/deploy_caddy/_data/caddy/pki/authorities/local/root.crt"
LOG_IN = f'{{"username": "admin", "password": "{PASSWORD}"}}'


@pytest.fixture(scope="module")
def made(area: Path, supplies: Supplies, wheels: tuple[Path, Path]) -> Iterator[Containers]:
    """With what our files are made of: the bases, and /mnt/context with both wheels."""
    with Root("plain", area / "locked", supplies.given, supplies.shared) as root:
        containers.fetch(root, supplies)
    shutil.copytree(DEPLOY, (context := supplies.given / "context") / "deploy")
    shutil.copy(DEPLOY.with_name("requirements-build.txt"), context)
    (context / "dist").mkdir()
    for wheel in wheels:
        shutil.copy(wheel, context / "dist")
    with Root("containers", area / "containers", supplies.given, supplies.shared) as root:
        made = Containers(root)
        made.make_bases()
        yield made
    shutil.rmtree(supplies.given / "store")


def test_the_image_serves_without_rights_and_stops_on_request(made: Containers) -> None:
    file = ("--file=/mnt/context/deploy/Containerfile", "--tag=muster", "/mnt/context")
    made.output_of("build", *BUILDING.split(), *file)
    password = f"--env=MUSTER_ADMIN_PASSWORD={PASSWORD}"
    made.output_of("run", "--detach", "--name=one", "--network=host", password, "muster")
    url = "http://127.0.0.1:9000"
    wait_for(lambda: made.is_ready(url), "server that is ready", 300)
    assert "<title>Muster</title>" in made.root.output_of("curl", "-sf", f"{url}/login")
    assert made.output_of("exec", "one", "sh", "-c", "id -un; id -u; id -g").split() == OWN
    assert "is ready" in made.output_of("exec", "one", "muster-server", "status")
    made.output_of("stop", "--time=60", "one")
    assert made.output_of("inspect", "--format={{.State.ExitCode}}", "one") == "0"
    assert "stopping" in made.output_of("logs", "one").splitlines()[-1]
    made.output_of("rm", "one")


def test_the_compose_file_brings_up_muster_behind_caddy(made: Containers) -> None:
    compose = ("env", "--chdir=/mnt/context/deploy", "podman-compose")
    up = (f"--podman-build-args={BUILDING}", "up", "--build", "--detach")
    assert "the name by which it is reached" in made.root.run(*compose, "config").stderr
    made.root.output_of(*compose, *up, **NAMED, **UNCHECKED)
    url, trusted = "https://localhost", ("--cacert", AUTHORITY)
    wait_for(lambda: made.is_ready(url, *trusted), "server that is ready", 300)
    assert "<title>Muster</title>" in made.root.output_of("curl", "-sf", *trusted, f"{url}/login")
    made.output_of("healthcheck", "run", "deploy_muster_1")
    asked = ("-H", "Content-Type: application/json", "-d", LOG_IN, f"{url}/api/auth/login")
    assert "accessToken" in made.root.output_of("curl", "-sf", *trusted, *asked)
    made.root.output_of(*compose, "down", **NAMED)
    assert made.output_of("ps", "--all", "--quiet") == ""
    assert {"deploy_muster", "deploy_caddy"} <= set(made.output_of("volume", "ls", "-q").split())
