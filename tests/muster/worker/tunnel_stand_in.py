#!/usr/bin/env python3
"""A STAND-IN for `code tunnel`, which tests can't have: it prints the same, and connects nothing.
The texts and their order are those of microsoft/vscode, cli/src.

tunnel_stand_in.py PLAN tunnel --accept-server-license-terms --name NAME

PLAN is a file; each start uses its next line, and then always the last: words out of `slow` (prints
nothing for a while), `wait` (the same, until there is a file PLAN.go), `login`, `connect`, `pieces`
(connects in single bytes, with colors), `crash` (exit 3), `off` (exit 0), `mute` (closes its
output), `edit` (writes the file edited), `deaf` (ignores TERM), `polite` (writes PLAN.goodbye on
TERM), `fork` (leaves a child in a separate session). After the last word it stays until it is
stopped.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

BANNER = """*
* Visual Studio Code Server
*
* By using the software, you agree to
* the Visual Studio Code Server License Terms (https://aka.ms/vscode-server-license) and
* the Microsoft Privacy Statement (https://privacy.microsoft.com/en-US/privacystatement).
*
"""
LOGIN = (
    "[2024-11-07 14:52:49] info Using GitHub for authentication, run `code tunnel user login "
    "--provider <provider>` option to change this.\n"
    "To grant access to the server, please log into https://github.com/login/device and use code "
    "C98F-F1F6\n"
)


def main() -> None:
    plan, arguments = Path(sys.argv[1]), sys.argv[2:]
    assert arguments[:2] == ["tunnel", "--accept-server-license-terms"], arguments
    name = arguments[arguments.index("--name") + 1]
    count = plan.with_suffix(".starts")
    starts = len(count.read_bytes()) if count.exists() else 0
    with count.open("ab") as file:
        file.write(b".")
    with plan.with_suffix(".times").open("a") as file:
        file.write(f"{time.monotonic()}\n")
    lines = plan.read_text().splitlines()
    facts = {"cwd": os.getcwd(), "uid": os.getuid(), "name": name, "env": dict(os.environ)}
    plan.with_suffix(".facts").write_text(repr(facts))
    print(BANNER, end="", flush=True)
    for word in lines[min(starts, len(lines) - 1)].split():
        act(word, f"https://vscode.dev/tunnel/{name}{os.getcwd()}")
    while True:
        time.sleep(60)


def say_goodbye(*_: object) -> None:
    time.sleep(0.2)
    Path(sys.argv[1]).with_suffix(".goodbye").write_text("bye")
    sys.exit(0)


def act(word: str, url: str) -> None:
    match word:
        case "slow":
            time.sleep(0.3)
        case "wait":
            while not Path(sys.argv[1]).with_suffix(".go").exists():
                time.sleep(0.02)
        case "login":
            print(LOGIN, end="", flush=True)
        case "connect":
            print(f"\nOpen this link in your browser {url}\n", flush=True)
        case "pieces":
            for letter in f"\n\033[1mOpen this link in your browser \033[34m{url}\033[0m\r\n":
                os.write(1, letter.encode())
        case "crash":
            print("error creating tunnel session", flush=True)
            sys.exit(3)
        case "off":
            sys.exit(0)
        case "mute":
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(1, 2)
        case "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        case "edit":
            Path("edited").write_text("by hand\n")
        case "polite":
            signal.signal(signal.SIGTERM, say_goodbye)
        case "fork":
            subprocess.Popen(["sleep", "600"], start_new_session=True)


if __name__ == "__main__":
    main()
