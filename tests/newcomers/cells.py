"""The cells of the matrix: the account, Python and environment in which people first run Muster."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.newcomers.layers import HOMELESS, NEWCOMER, ROOT, Account

HEAD = "| cell | difference |"
DEMO, SERVER = "make demo", "muster-server up"
THIS, DEBIAN_13, DEBIAN_12 = "this system", "Debian 13", "Debian 12"
# Which of a system's interpreters. Other texts are versions of this machine's.
DEBIANS, CLOSED, CLOSED_ALONE = "Debian's", "in a 0700 home", "only in a 0700 home"
# What people type where they have never thought of a machine.
ODD_FOLDER = 'Ann\'s "new" 100% 中文/muster'
# As containers have them by default, for their root too.
CONTAINERS_RIGHTS = (
    "--bounding-set=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,"
    "+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap"
)
_PROXY_NAMES = ("http_proxy", "https_proxy", "all_proxy")
SILENT_PROXY = dict.fromkeys(
    (*_PROXY_NAMES, *map(str.upper, _PROXY_NAMES)), "http://127.0.0.1:3128"
)
READ_ONLY_HOME = """
mount --bind /home/newcomer /home/newcomer
mount -o remount,bind,ro /home/newcomer
mount --bind /home/newcomer/muster /home/newcomer/muster
mount -o remount,bind,rw /home/newcomer/muster
"""
NO_IPV6 = """
if [ -d /proc/sys/net/ipv6 ]; then echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; fi
"""
NOEXEC = "mount -t tmpfs -o mode=1777,noexec tmpfs /tmp\n"
LISTEN = "python3 /mnt/inside/listen.py {port}\n"
FREE_MEGABYTES = 200
FULL = r": full\b"
WEAKER = r": .*, weaker than full: .*\. Reason: .*An admin must allow user namespaces"


@dataclass(frozen=True)
class Cell:
    """`as_whom` and `environment` are words for the table. `variables` are set for the command;
    `prepare` is what root's shell runs before it; `refuses` see inside/refuse.py.

    A cell whose point isn't the installation shares that of another, which it names. `sentence` is
    a pattern for what a cell prints that ends before it changes anything; without one it ends with
    exit 0, and the demo has printed what `sandbox` is a pattern for. `seconds` is how long it takes
    on a quiet machine, beside another.
    """

    name: str
    user: Account = NEWCOMER
    as_whom: str = "an ordinary user"
    system: str = THIS
    python: str = DEBIANS
    environment: str = "bare"
    way: str = DEMO
    folder: str = "muster"
    variables: Mapping[str, str] = field(default_factory=dict)
    prepare: str = ""
    umask: str = "022"
    rights: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    has_cgroups: bool = True
    shares: str = ""
    free_megabytes: int = 0
    sentence: str = ""
    level: str = FULL
    seconds: int = 60
    is_always_run: bool = False

    @property
    def has_packages(self) -> bool:
        """Whether it runs what `make dist` makes, not a checkout."""
        return self.way == SERVER

    @property
    def sandbox(self) -> str:
        """A pattern for the line by which the demo shows how it contains agents."""
        shows = not (self.has_packages or self.sentence)
        return rf"(?m)checking the sandbox of .*{self.level}" if shows else ""

    @property
    def top(self) -> str:
        """The directory that `folder` is in."""
        return "/srv" if self.user is HOMELESS else self.user.home

    @property
    def checkout(self) -> str:
        return f"{self.top}/{self.folder}"

    @property
    def row(self) -> str:
        """The cell's row in the table of docs/operating.md."""
        differences = (
            (self.as_whom, self.as_whom != Cell.as_whom),
            (f"Python {self.python}", self.python != DEBIANS),
            (self.system, self.system != THIS),
            (self.environment, self.environment != Cell.environment),
            (f"`{self.way}`", self.way != DEMO),
            ("ends with one sentence", bool(self.sentence)),
        )
        named = "; ".join(text for text, is_one in differences if is_one)
        return f"| {self.name} | {named or 'none'} |"


def table() -> str:
    """The rows of the table in docs/operating.md."""
    return "\n".join(cell.row for cell in CELLS)


CELLS = (
    Cell("root", ROOT, "root", is_always_run=True),
    Cell("user", is_always_run=True),
    Cell("packages", way=SERVER, seconds=50, is_always_run=True),
    Cell("umask-077", ROOT, "root with `umask 077`", umask="077"),
    Cell("no-home", HOMELESS, "a user without a HOME"),
    Cell(
        "read-only-home",
        as_whom="a user whose HOME is read-only except for the checkout",
        prepare=READ_ONLY_HOME,
    ),
    Cell("closed-python", ROOT, "root", python=CLOSED),
    Cell("closed-python-alone", ROOT, "root", python=CLOSED_ALONE),
    Cell("python-3.11", python="3.11"),
    Cell("python-3.12", python="3.12"),
    Cell("python-3.13", python="3.13"),
    Cell("debian-13", system=DEBIAN_13),
    Cell("debian-12", system=DEBIAN_12),
    Cell("debian-13-packages", system=DEBIAN_13, way=SERVER),
    Cell(
        "no-user-namespaces",
        environment="user namespaces off",
        refuses=("user-namespaces",),
        level=WEAKER,
        shares="user",
        seconds=30,
    ),
    Cell(
        "container",
        ROOT,
        "root with a container's rights",
        environment="user namespaces off",
        rights=(CONTAINERS_RIGHTS,),
        shares="root",
        seconds=30,
        refuses=("user-namespaces",),
        level=WEAKER,
    ),
    Cell(
        "no-cgroups",
        ROOT,
        "root",
        environment="no cgroups",
        has_cgroups=False,
        shares="root",
        seconds=30,
    ),
    Cell("noexec-tmp", environment="`/tmp` mounted `noexec`", prepare=NOEXEC),
    Cell(
        "noexec-tmp-root",
        ROOT,
        "root",
        environment="`/tmp` mounted `noexec`",
        prepare=NOEXEC,
        shares="root",
        seconds=30,
    ),
    Cell(
        "odd-path",
        environment="a checkout below a 0700 folder, in `" + ODD_FOLDER + "`",
        folder=ODD_FOLDER,
        prepare="chmod 700 /home/newcomer/*\n",
    ),
    Cell(
        "odd-path-root",
        ROOT,
        "root",
        environment="a checkout below a 0700 folder, in `" + ODD_FOLDER + "`",
        folder=ODD_FOLDER,
    ),
    Cell("locale-c", environment="locale `C`", variables={"LANG": "C", "LC_ALL": "C"}),
    Cell(
        "no-ipv6",
        environment="no IPv6",
        prepare=NO_IPV6,
        refuses=("ipv6",),
        shares="user",
        seconds=30,
    ),
    Cell(
        "port-in-use",
        environment="the default port in use",
        prepare=LISTEN.format(port=9000),
        shares="user",
        seconds=30,
    ),
    Cell(
        "port-in-use-packages",
        environment="the default port in use",
        way=SERVER,
        prepare=LISTEN.format(port=9000),
        shares="packages",
        sentence=r"(?m)^port 9000 is in use: .*MUSTER_PORT=9001",
        seconds=2,
        is_always_run=True,
    ),
    Cell(
        "silent-proxy",
        environment="a proxy that doesn't respond",
        variables=SILENT_PROXY,
        prepare=LISTEN.format(port=3128),
    ),
    Cell(
        "silent-proxy-packages",
        environment="a proxy that doesn't respond",
        way=SERVER,
        variables=SILENT_PROXY,
        prepare=LISTEN.format(port=3128),
        shares="packages",
        seconds=30,
    ),
    Cell(
        "little-disk",
        environment=f"a disk with {FREE_MEGABYTES} MB left",
        free_megabytes=FREE_MEGABYTES,
        sentence=r"(?m)^Muster needs 500 MB of disk, and \d+ MB are free here\. .*git clone",
        seconds=2,
        is_always_run=True,
    ),
    Cell(
        "little-disk-installed",
        environment=f"a disk with {FREE_MEGABYTES} MB left, packages installed",
        free_megabytes=FREE_MEGABYTES,
        shares="user",
        seconds=30,
    ),
)
