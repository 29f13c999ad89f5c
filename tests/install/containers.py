"""Images and containers of podman in a root. No registry is used: the contents of third-party
images come from the plain Debian root, under their names."""

import json
import resource
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

from tests.install.roots import Root
from tests.install.supplies import Supplies
from tests.programs import DEBIAN_ROOTS

DEBIAN = "localhost/debian"
LOCKS = ("requirements.txt", "requirements-worker.txt", "requirements-build.txt")
# The image's locked packages: a wheel that pip built would have another hash.
FETCH = """
python3 -m venv /tmp/fetching
for each in {locks}; do
    /tmp/fetching/bin/pip download --quiet --no-deps --dest=/srv/locked \\
        --require-hashes -r "/mnt/$each"
done
"""
# Root may lack the right to raise limits, and the process controller may be version 1.
SETTINGS = """
[containers]
default_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]
pids_limit = 0
"""
STORAGE = '[storage]\ndriver = "overlay"\ngraphroot = "/mnt/store"\nrunroot = "/run/store"\n'
# With `python` and `pip`, as the image of Docker's has them; what pip asks for is at hand.
PYTHON = f"""
FROM {DEBIAN}
RUN python3 -m venv /usr/local
ENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/srv/locked
"""
CADDY = (
    f"FROM {DEBIAN}\nCOPY caddy /usr/bin/caddy\nENV XDG_DATA_HOME=/data XDG_CONFIG_HOME=/config\n"
)
NEWEST = {
    "METADATA": "Metadata-Version: 2.1\nName: setuptools\nVersion: 9999\n",
    "WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "RECORD": "",
}
BUILDING = "--network=none --volume=/srv:/srv:ro"


def fetch(root: Root, supplies: Supplies) -> None:
    """Download the image's packages into `shared`; `root` has a network."""
    for name in LOCKS:
        shutil.copy(Path(__file__).parents[2] / name, supplies.given)
    root.output_of("sh", "-c", FETCH.format(locks=" ".join(LOCKS)))
    # Newer than the locked version, and without setuptools: nothing is built with unhashed
    # packages.
    with ZipFile(supplies.shared / "locked" / "setuptools-9999-py3-none-any.whl", "w") as wheel:
        for name, text in NEWEST.items():
            wheel.writestr(f"setuptools-9999.dist-info/{name}", text)


class Containers:
    def __init__(self, root: Root) -> None:
        self.root = root
        _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
        _, processes = resource.getrlimit(resource.RLIMIT_NPROC)
        settings = SETTINGS.format(files=files, processes=processes)
        root.output_of("tee", "/etc/containers/containers.conf", given=settings)
        root.output_of("tee", "/etc/containers/storage.conf", given=STORAGE)

    def output_of(self, *words: str, given: str = "") -> str:
        return self.root.output_of("podman", *words, given=given)

    def make_bases(self) -> None:
        """Create Debian's image, and those that our files name."""
        packing = ["tar", "--create", f"--directory={DEBIAN_ROOTS / 'plain'}", "."]
        with subprocess.Popen(packing, stdout=subprocess.PIPE) as packed:
            argv = self.root.command("podman", "import", "--quiet", "-", DEBIAN)
            subprocess.run(argv, stdin=packed.stdout, capture_output=True, check=True)
        named = ("--tag", "docker.io/library/python:3.13-slim", "-")
        self.output_of("build", "--quiet", *BUILDING.split(), *named, given=PYTHON)
        (place := self.root.given / "caddy").mkdir()
        shutil.copy(self.root.lower / "usr/bin/caddy", place)
        (place / "Containerfile").write_text(CADDY)
        self.output_of("build", "--quiet", "--tag=docker.io/library/caddy:2", "/mnt/caddy")

    def is_ready(self, url: str, *options: str) -> bool:
        output = self.root.run("curl", "-s", "-m", "5", *options, f"{url}/readyz").stdout
        return bool(output) and json.loads(output).get("status") == "ready"
