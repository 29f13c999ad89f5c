"""The command line of `muster worker`."""

import argparse
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from muster.arguments import Parser
from muster.protocol import labels
from muster.worker.limits import limits
from muster.worker.maintenance import MIRROR_RETENTION_DAYS
from muster.worker.options import values
from muster.worker.sandbox.sandboxes import LEVELS
from muster.worker.sandbox.uids import DEFAULT_UIDS
from muster.worker.settings import Settings


def parse_arguments(arguments: Sequence[str], name: str = "muster") -> argparse.Namespace:
    """Return the command and its options; those of `run` are in `settings`. Exits with 2 on a usage
    error. `name` is the name of the program.
    """
    parser = _create_parser(name)
    options = parser.parse_args(arguments)
    if options.verb == "run":
        if len(dict(options.label)) > labels.MAX_LABELS:
            parser.error(f"a machine can have at most {labels.MAX_LABELS} labels")
        options.settings = _build_settings(options)
    return options


def _build_settings(options: argparse.Namespace) -> Settings:
    asked = {name: getattr(options, f"attempt_{name}") for name in limits.AttemptLimits._fields}
    return Settings(
        stop_agents_on_exit=options.stop_agents_on_exit,
        uids=options.uids,
        mirror_days=options.mirror_days,
        tunnel_command=options.tunnel_command,
        file_roots=tuple(options.file_root),
        own_ssh_hosts=tuple(options.own_ssh_hosts),
        max_sandbox_level=options.sandbox,
        sandbox_directories=tuple(options.mount),
        bwrap=options.bwrap,
        limits={name: value for name, value in asked.items() if value is not None},
        agents=options.agents,
        labels=dict(options.label),
        no_auto_upgrade=options.no_auto_upgrade,
    )


def _create_parser(name: str) -> Parser:
    at = "--server https://muster.example"
    parser = Parser(
        f"{name} worker",
        description="Run the worker on this machine. Enroll once with a token from an admin; "
        "then keep `run` running. It connects to the server and needs no open port.",
        examples=(f"{name} worker enroll {at} --token -", f"{name} worker run"),
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")

    def add(verb: str, line: str, *examples: str) -> Parser:
        lines = [f"{name} worker {verb} {example}" for example in examples]
        return verbs.add_parser(verb, help=line, description=line, examples=lines)

    _add_enroll(add("enroll", "Enroll this machine with a server.", f"{at} --token -"))
    _add_run(add("run", "Run work from the server.", "--label gpu=true"))
    _add_doctor(add("doctor", "Check this machine and print a fix for each problem.", "--json"))
    _add_set_server(add("set-server", "Change the server's address.", at))
    _add_home(add("reset", "Stop everything running here and delete the worker's files."))
    return parser


def _add_enroll(parser: Parser) -> None:
    _add_home(parser)
    parser.add_argument("--server", required=True, metavar="URL", help="URL of the server.")
    parser.add_argument(
        "--token", required=True, help="Enrollment token (mst_enroll_…); - reads one line."
    )
    parser.add_argument(
        "--name",
        default=socket.gethostname(),
        help="Name of the machine (default: the host's name).",
    )
    parser.add_argument(
        "--slots",
        type=values.positive,
        default=2,
        metavar="N",
        help="Maximum number of concurrent attempts (default 2).",
    )
    parser.add_argument(
        "--ca-file", type=Path, metavar="FILE", help="Trust this CA instead of the system's."
    )
    parser.add_argument(
        "--insecure",
        action="store_true",
        help="Allow plain http:// to another host: others can read tokens and output in transit. "
        "Over plain http://, the machine installs no releases from the server.",
    )


def _add_set_server(parser: Parser) -> None:
    _add_home(parser)
    parser.add_argument("--server", required=True, metavar="URL", help="New URL of the server.")
    parser.add_argument(
        "--ca-file",
        type=Path,
        metavar="FILE",
        help="Trust this CA for the new URL (default: no change).",
    )


def _add_run(parser: Parser) -> None:
    _add_home(parser)
    parser.add_argument(
        "--server", metavar="URL", help="New URL of the server, if it has moved; saved."
    )
    parser.add_argument(
        "--stop-agents-on-exit",
        action="store_true",
        help="Also stop running stages on SIGTERM (default: they continue and the next `run` "
        "resumes them).",
    )
    _add_uids(parser)
    parser.add_argument(
        "--mirror-days",
        type=values.positive,
        default=MIRROR_RETENTION_DAYS,
        metavar="N",
        help="Days to keep a repository mirror after its last use (default "
        f"{MIRROR_RETENTION_DAYS}).",
    )
    parser.add_argument(
        "--file-root",
        type=values.path,
        action="append",
        default=[],
        metavar="DIR",
        help="Allow repositories in this directory by path (file:///…), and run their hooks; "
        "repeatable (default: none).",
    )
    parser.add_argument(
        "--label",
        type=values.label,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="Label by which projects and tasks can select this machine, such as gpu=true; "
        "repeatable.",
    )
    _add_release(parser)
    _add_sandbox(parser)
    _add_agents(parser)
    parser.add_argument(
        "--own-ssh-hosts",
        type=values.host,
        action="append",
        default=[],
        metavar="HOST",
        help="Connect to this host with this user's own SSH keys, settings and agent, for "
        "projects that have a repository there and no sshKey; repeatable (default: none).",
    )
    parser.add_argument(
        "--tunnel-command",
        type=values.command,
        default=os.environ.get("MUSTER_TUNNEL_COMMAND") or None,
        metavar="COMMAND",
        help="Command that opens a tunnel into a workspace; {name} becomes the tunnel's name "
        "(default: $MUSTER_TUNNEL_COMMAND, or `cursor tunnel …` or `code tunnel …`, "
        "whichever is found).",
    )
    _add_limits(parser.add_argument_group("Limits of one attempt; exceeding one ends its stage"))


def _add_release(parser: Parser) -> None:
    parser.add_argument(
        "--no-auto-upgrade",
        action="store_true",
        help="Keep the installed release, even if the server offers another.",
    )


def _add_sandbox(parser: Parser) -> None:
    parser.add_argument(
        "--sandbox",
        choices=list(reversed(LEVELS)),
        default="full",
        help="Maximum sandbox level: full (a sandbox), processes, none (default full, if this "
        "machine supports it; otherwise the best available).",
    )
    parser.add_argument(
        "--mount",
        type=values.sandbox_directory,
        action="append",
        default=[],
        metavar="DIR[:rw]",
        help="Mount this directory in every attempt's sandbox, at the same path, read-only unless "
        ":rw is added; repeatable.",
    )
    _add_bwrap(parser)


def _add_bwrap(parser: Parser) -> None:
    parser.add_argument(
        "--bwrap",
        type=values.program,
        metavar="PATH",
        help="The bubblewrap to try before the system's and the bundled one.",
    )


def _add_limits(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--attempt-memory",
        type=values.size,
        metavar="SIZE",
        help="Maximum memory, such as 8G (default: three quarters of the machine's memory "
        "divided by its slots, but at least 4G if available).",
    )
    group.add_argument(
        "--attempt-processes",
        type=values.count,
        metavar="N",
        help="Maximum number of processes, including threads (default "
        f"{limits.DEFAULT_PROCESSES}).",
    )
    group.add_argument(
        "--attempt-files",
        type=values.count,
        metavar="N",
        help=f"Maximum number of open files per process (default {limits.DEFAULT_OPEN_FILES}).",
    )
    group.add_argument(
        "--attempt-disk",
        type=values.size,
        metavar="SIZE",
        help="Maximum size of workspace, home and /tmp together (default: 20G, or half of "
        "the free space when the worker starts).",
    )


def _add_agents(parser: Parser) -> None:
    parser.add_argument(
        "--agents",
        type=values.path,
        metavar="DIR",
        help="Directory with your own agents, one NAME.toml per agent (docs/agents.md); a file "
        "with the name of a known agent replaces it.",
    )


def _add_doctor(parser: Parser) -> None:
    _add_home(parser)
    _add_uids(parser)
    _add_bwrap(parser)
    _add_agents(parser)
    parser.add_argument(
        "--json",
        dest="as_json",
        action="store_true",
        help="Print a list of {name, level, ok, text, advice, command}; the level is ok, warn, "
        "or fail for problems that stop work.",
    )


def _add_uids(parser: Parser) -> None:
    parser.add_argument(
        "--uids",
        type=values.uids,
        default=DEFAULT_UIDS,
        metavar="FIRST-LAST",
        help=f"As root: user IDs of attempts (default {DEFAULT_UIDS[0]}-{DEFAULT_UIDS[-1]}); each "
        "worker on a host needs its own range, such as the next thousand.",
    )


def _add_home(parser: Parser) -> None:
    default = os.environ.get("MUSTER_WORKER_HOME") or Path.home() / ".muster-worker"
    parser.add_argument(
        "--home",
        type=values.path,
        default=Path(default).absolute(),
        metavar="DIR",
        help="Directory for credentials, journal and workspaces (default: $MUSTER_WORKER_HOME or "
        "~/.muster-worker).",
    )
