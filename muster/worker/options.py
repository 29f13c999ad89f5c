"""The command line of `python -m muster worker`."""

import argparse
import os
import re
import shlex
import socket
from collections.abc import Sequence
from pathlib import Path

from muster.protocol import labels
from muster.worker.git import ssh
from muster.worker.limits import limits, room_limits
from muster.worker.maintenance import KEEP_DAYS
from muster.worker.room.identity import UIDS
from muster.worker.room.rooms import LEVELS
from muster.worker.room.view import RoomDirectory
from muster.worker.settings import Settings


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The verb and its options; those of `run` are in `settings`. Exits with 2 if asked wrongly."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.verb == "run":
        if len(dict(options.label)) > labels.MOST:
            parser.error(f"a machine has {labels.MOST} labels at most")
        options.settings = _settings(options)
    return options


def _settings(options: argparse.Namespace) -> Settings:
    asked = {name: getattr(options, f"attempt_{name}") for name in limits.AttemptLimits._fields}
    return Settings(
        stop_agents_on_exit=options.stop_agents_on_exit,
        uids=options.uids,
        mirror_days=options.mirror_days,
        tunnel_command=options.tunnel_command,
        file_roots=tuple(options.file_root),
        own_ssh_hosts=tuple(options.own_ssh_hosts),
        room=options.room,
        room_directories=tuple(options.room_dir),
        limits={name: value for name, value in asked.items() if value is not None},
        agents=options.agents,
        labels=dict(options.label),
        keep_release=options.keep_release,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m muster worker",
        description="The worker of a Muster machine. Enroll once with a token that an admin made; "
        "then keep `run` running. It dials the server, and needs no open port.",
    )
    verbs = parser.add_subparsers(
        dest="verb", required=True, metavar="enroll | run | doctor | move | erase"
    )
    _add_enroll(verbs.add_parser("enroll", help="make this machine known to a server"))
    _add_run(verbs.add_parser("run", help="take work from the server and carry it out"))
    _add_doctor(verbs.add_parser("doctor", help="say what this machine lacks, and what mends it"))
    _add_move(verbs.add_parser("move", help="have it look for its server at another address"))
    _add_home(verbs.add_parser("erase", help="end what runs here, and erase all that it made"))
    return parser


def _add_enroll(parser: argparse.ArgumentParser) -> None:
    _add_home(parser)
    parser.add_argument("--server", required=True, metavar="URL", help="https://host:9000")
    parser.add_argument(
        "--token", required=True, help="the enrollment token (mst_enroll_…); - reads one line"
    )
    parser.add_argument("--name", default=socket.gethostname(), help="default: the host's name")
    parser.add_argument(
        "--slots", type=_positive, default=2, metavar="N", help="attempts at a time (default 2)"
    )
    parser.add_argument(
        "--ca-file", type=Path, metavar="FILE", help="trust this CA instead of the system's"
    )
    parser.add_argument(
        "--insecure",
        action="store_true",
        help="allow plain http:// to another host: tokens and output can be read on the way",
    )


def _add_move(parser: argparse.ArgumentParser) -> None:
    _add_home(parser)
    parser.add_argument("--server", required=True, metavar="URL", help="where it is now")
    parser.add_argument(
        "--ca-file", type=Path, metavar="FILE", help="trust this CA there; else as before"
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    _add_home(parser)
    parser.add_argument(
        "--server", metavar="URL", help="where the server is now, if it has moved; this is kept"
    )
    parser.add_argument(
        "--stop-agents-on-exit",
        action="store_true",
        help="on SIGTERM end what runs, too; else it goes on, and the next `run` finds it again",
    )
    _add_uids(parser)
    parser.add_argument(
        "--mirror-days",
        type=_positive,
        default=KEEP_DAYS,
        metavar="N",
        help="days after its last use for which a repository's mirror stays that no workspace "
        f"stands on (default {KEEP_DAYS})",
    )
    parser.add_argument(
        "--file-root",
        type=_path,
        action="append",
        default=[],
        metavar="DIR",
        help="take repositories in this directory by their paths (file:///…), and run their hooks; "
        "may be given several times (default: none)",
    )
    parser.add_argument(
        "--label",
        type=_label,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what projects and tasks may choose this machine by, such as gpu=true; may be given "
        "several times",
    )
    _add_release(parser)
    _add_rooms(parser)
    _add_agents(parser)
    parser.add_argument(
        "--own-ssh-hosts",
        type=_host,
        action="append",
        default=[],
        metavar="HOST",
        help="log in at this host with this user's own ssh keys, settings and agent, for projects "
        "whose repository is there and that have no sshKey; may be given several times (default: "
        "none)",
    )
    parser.add_argument(
        "--tunnel-command",
        type=_command,
        default=os.environ.get("MUSTER_TUNNEL_COMMAND") or None,
        metavar="COMMAND",
        help="what opens a tunnel into a workspace, {name} filled with the tunnel's name (default: "
        "$MUSTER_TUNNEL_COMMAND, or `cursor tunnel …` or `code tunnel …`, whichever is found)",
    )
    _add_limits(parser.add_argument_group("what one attempt may use; more ends its stage"))


def _add_release(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--keep-release",
        action="store_true",
        help="stay with the release that is installed here, whatever the server offers",
    )


def _add_rooms(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--room",
        choices=list(reversed(LEVELS)),
        default="full",
        help="the most that attempts are contained: full (a sandbox), processes, none (default "
        "full, where this machine can; else what it can)",
    )
    parser.add_argument(
        "--room-dir",
        type=_room_directory,
        action="append",
        default=[],
        metavar="DIR[:rw]",
        help="show this directory in every attempt's room, at the same path, read-only unless :rw; "
        "may be given several times",
    )


def _add_limits(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--attempt-memory",
        type=_size,
        metavar="SIZE",
        help="such as 8G (default: three quarters of the machine's, divided by its slots, and at "
        "least 4G of them)",
    )
    group.add_argument(
        "--attempt-processes",
        type=_count,
        metavar="N",
        help=f"processes at a time, threads included (default {limits.PROCESSES})",
    )
    group.add_argument(
        "--attempt-files",
        type=_count,
        metavar="N",
        help=f"files that each process may have open (default {limits.FILES})",
    )
    group.add_argument(
        "--attempt-disk",
        type=_size,
        metavar="SIZE",
        help="workspace, home and /tmp together (default: 20G, or half of what is free when the "
        "worker starts)",
    )


def _add_agents(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--agents",
        type=_path,
        metavar="DIR",
        help="agents of your own, a NAME.toml each (docs/agents.md); one with the name of an agent "
        "that is known takes its place",
    )


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    _add_home(parser)
    _add_uids(parser)
    _add_agents(parser)
    parser.add_argument(
        "--json",
        dest="as_json",
        action="store_true",
        help="a list of {name, level, ok, text, advice, command}; the level is ok, warn, or fail "
        "for what stops work",
    )


def _add_uids(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--uids",
        type=_uids,
        default=UIDS,
        metavar="FIRST-LAST",
        help=f"as root: the user ids of attempts (default {UIDS[0]}-{UIDS[-1]}); every worker of a "
        "host needs a range of its own, such as the thousand after that",
    )


def _add_home(parser: argparse.ArgumentParser) -> None:
    default = os.environ.get("MUSTER_WORKER_HOME") or Path.home() / ".muster-worker"
    parser.add_argument(
        "--home",
        type=_path,
        default=Path(default).absolute(),
        metavar="DIR",
        help="where credentials, journal and workspaces lie (default: $MUSTER_WORKER_HOME or "
        "~/.muster-worker)",
    )


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _room_directory(text: str) -> RoomDirectory:
    path = text.removesuffix(":rw")
    found = Path(path).expanduser().absolute()
    if found == Path("/") or not found.is_dir():
        raise argparse.ArgumentTypeError(f"{path} is no directory that could be shown")
    return RoomDirectory(found, writable=text != path)


def _label(text: str) -> tuple[str, str]:
    name, is_one, value = text.partition("=")
    if not is_one or not re.fullmatch(labels.NAME, name) or not re.fullmatch(labels.VALUE, value):
        raise argparse.ArgumentTypeError(
            "name=value, each up to 63 of A-Z a-z 0-9 . _ -, with a letter or a digit at both ends"
        )
    return name, value


def _host(text: str) -> str:
    if ssh.host(f"ssh://{text}/") != text.strip("[]").lower():
        raise argparse.ArgumentTypeError("a host without user or port, such as git.example.com")
    return text


def _command(text: str) -> str:
    try:
        is_one = bool(shlex.split(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not is_one:
        raise argparse.ArgumentTypeError("a program and its arguments")
    return text


def _size(text: str) -> int:
    try:
        return room_limits.size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _count(text: str) -> int:
    number = int(text)
    if not 64 <= number <= 1 << 22:
        raise argparse.ArgumentTypeError(f"from 64 to {1 << 22}")
    return number


def _uids(text: str) -> range:
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal() and 0 < int(first) <= int(last) < 2**32 - 1):
        raise argparse.ArgumentTypeError("two user ids, such as 66000-66999")
    return range(int(first), int(last) + 1)


def _positive(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError("from 1 to 1000")
    return number
