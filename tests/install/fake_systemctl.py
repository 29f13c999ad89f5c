"""A fake of systemd, for hosts without one: it only starts what the units name.

With `serve SOCKET UNITS LOGS` it is the manager, until SIGTERM; with `call SOCKET WORD…` it is
`systemctl`. It knows only our directives and commands, and fails on any other. Sandboxing
directives and accounts are read and ignored: everything runs as the current user. As in systemd, a
unit's text is that of the last `daemon-reload`, restarting one restarts the units that require it,
and one with `Restart=always` comes back.
"""

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

KNOWN = {
    "Unit": {"Description", "PartOf", "Requires", "After", "Wants"},
    "Service": {
        *("Type", "NotifyAccess", "RemainAfterExit", "TimeoutStartSec", "TimeoutStopSec"),
        *("Restart", "RestartSec", "RestartMode", "KillMode", "LimitNOFILE"),
        *("ExecStart", "WorkingDirectory"),
        *("EnvironmentFile", "User", "Group", "NoNewPrivileges", "ProtectSystem", "PrivateTmp"),
        *("ProtectKernelTunables", "ProtectKernelModules", "ProtectControlGroups"),
        *("RestrictSUIDSGID", "LockPersonality", "UMask", "ReadWritePaths", "AmbientCapabilities"),
        *("ProtectHome", "PrivateDevices", "ProtectKernelLogs", "ProtectClock", "ProtectHostname"),
        *("RestrictAddressFamilies", "RestrictNamespaces", "RestrictRealtime"),
        *("SystemCallArchitectures", "SystemCallFilter", "SystemCallErrorNumber"),
        "CapabilityBoundingSet",
    },
    "Install": {"WantedBy"},
}
SECONDS = {"3min": 180.0, "15min": 900.0}


class Refused(Exception):
    """What systemd would not do, or this does not know."""


def parsed(text):
    """{section: {directive: value}}."""
    found, section = {}, None
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("["):
            section = line.strip("[]")
            found[section] = {}
            continue
        name, _, value = line.partition("=")
        if section not in KNOWN or name not in KNOWN[section]:
            raise Refused(f"[{section}] {name} is not known to this fake")
        found[section][name] = value
    return found


class Unit:
    """One of the units, in its text of the last reload."""

    def __init__(self, name, text, manager):
        self.name, self.manager = name, manager
        self.state, self.process, self.stopping = "inactive", None, False
        self.restarts = 0
        self.read(text)

    def read(self, text):
        found = parsed(text)
        self.unit, self.service = found["Unit"], found.get("Service")

    def named(self, directive):
        return self.unit.get(directive, "").split()

    @property
    def number(self):
        alive = self.process is not None and self.process.poll() is None
        return self.process.pid if alive else 0

    def seconds(self, directive, default):
        text = self.service.get(directive)
        return default if text is None else SECONDS.get(text) or float(text)

    def start(self):
        for name in self.named("Requires"):
            self.manager.unit(name).start_if_need_be()
        if self.service is None:
            for name in self.named("Wants"):
                if name != "network-online.target":
                    self.manager.unit(name).start_if_need_be()
            self.state = "active"
            return
        self.stopping = False
        {"oneshot": self._run, "exec": self._spawn, "notify": self._await}[self.service["Type"]]()

    def start_if_need_be(self):
        if self.state != "active":
            self.start()

    def stop(self):
        self.stopping = True
        if self.number:
            self.process.terminate()  # KillMode=mixed: the others are killed after it
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.seconds("TimeoutStopSec", 90.0))
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.state, self.process = "inactive", None

    def reset_failed(self):
        if self.state == "failed":
            self.state = "inactive"

    def _run(self):
        self._launch({})
        code = self.process.wait(self.seconds("TimeoutStartSec", 90.0))
        self.state = "failed" if code else "active"
        if code:
            raise Refused(f"{self.name} has failed with {code}")

    def _spawn(self):
        self._launch({})
        self.state = "active"
        self._watch()

    def _await(self):
        path = f"{self.manager.logs}/{self.name}.notify"
        Path(path).unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify_socket:
            notify_socket.bind(path)
            notify_socket.settimeout(self.seconds("TimeoutStartSec", 90.0))
            self._launch({"NOTIFY_SOCKET": path})
            assert notify_socket.recv(100) == b"READY=1"
        self.state = "active"
        self._watch()

    def _launch(self, more):
        words = shlex.split(self.service["ExecStart"])
        argv = [word.replace("%%", "%").replace("$$", "$") for word in words]
        env = {**environment(Path(self.service["EnvironmentFile"])), **more}
        passed = {name: os.environ[name] for name in ("HOME", "PATH", "LANG") if name in os.environ}
        with open(f"{self.manager.logs}/{self.name}.log", "ab") as log:
            self.process = subprocess.Popen(
                argv,
                cwd=self.service["WorkingDirectory"],
                env={**passed, **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _watch(self):
        process = self.process

        def watch():
            process.wait()
            if self.stopping or self.process is not process:
                return
            self.state = "activating"
            time.sleep(self.seconds("RestartSec", 0.1))
            if not self.stopping and self.process is process:
                self.restarts += 1
                self._launch({})
                self.state = "active"
                self._watch()

        threading.Thread(target=watch, daemon=True).start()


class Manager:
    def __init__(self, units, logs):
        self.place, self.logs, self.units = Path(units), logs, {}
        self.reload()

    def reload(self):
        for path in self.place.glob("muster*"):
            if path.suffix not in (".service", ".target"):
                continue
            if path.name in self.units:
                self.units[path.name].read(path.read_text())
            else:
                self.units[path.name] = Unit(path.name, path.read_text(), self)

    def unit(self, name):
        if name not in self.units and (self.place / name).exists():
            self.units[name] = Unit(name, (self.place / name).read_text(), self)
        if name not in self.units:
            raise Refused(f"Unit {name} not found.")
        return self.units[name]

    def following(self, name, directives):
        """Return the units that stop with it, the last first."""
        found = []
        for each in self.units.values():
            if any(name in each.named(directive) for directive in directives):
                found += [*self.following(each.name, directives), each]
        return [each for each in dict.fromkeys(found) if each.state != "inactive"]

    def stop(self, name):
        gone = self.following(name, ("Requires", "PartOf"))
        for each in gone:
            each.stop()
        self.unit(name).stop() if self.unit(name).service else None
        self.unit(name).state = "inactive"
        return gone

    def end(self):
        """Stop all at once, except those that notify readiness, which the others need."""
        running = [unit for unit in self.units.values() if unit.service and unit.number]
        running.sort(key=lambda unit: unit.service["Type"] == "notify")
        for unit in running:
            unit.stopping = True
            if unit.service["Type"] != "notify":
                unit.process.terminate()
        for unit in running:
            unit.stop()

    def do(self, words):
        """Return (exit status, output). Raises Refused."""
        match words:
            case ["show", "--property=Version"]:
                return 0, "Version=fake"
            case ["show", "--property=MainPID", name]:
                return 0, f"MainPID={self.unit(name).number}"
            case ["daemon-reload"]:
                self.reload()
            case ["reset-failed", *names]:
                for name in names:
                    self.unit(name).reset_failed()
            case ["enable", name]:
                self.unit(name)
            case ["disable", "--now", *names]:
                for name in names:
                    self.stop(name)
            case ["start", *names]:
                for name in names:
                    self.unit(name).start_if_need_be()
            case ["stop", *names]:
                for name in names:
                    self.stop(name)
            case ["restart", *names]:
                for name in names:
                    gone = self.stop(name)
                    for each in (self.unit(name), *reversed(gone)):
                        each.start_if_need_be()
            case ["is-active", *names]:
                states = [self.unit(name).state for name in names]
                return 0 if "active" in states else 3, "\n".join(states)
            case _:
                raise Refused(f"this fake does not know: {' '.join(words)}")
        return 0, ""


def environment(path):
    """Of an EnvironmentFile."""
    found = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[name] = "".join(shlex.split(value))
    return found


def serve(path, units, logs):
    manager = Manager(units, logs)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    one_at_a_time = threading.Lock()

    def answer(connection):
        with connection, connection.makefile("rw") as line:
            try:
                with one_at_a_time:
                    status, output = manager.do(json.loads(line.readline()))
            except Refused as problem:
                status, output = 5, str(problem)
            except Exception as problem:
                status, output = 70, repr(problem)
            with contextlib.suppress(OSError):
                line.write(json.dumps([status, output]))
                line.flush()

    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen()
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                threading.Thread(target=answer, args=[door.accept()[0]], daemon=True).start()
    manager.end()


def call(path, words):
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(path)
        with door.makefile("rw") as line:
            line.write(json.dumps([word for word in words if word != "--user"]) + "\n")
            line.flush()
            status, output = json.loads(line.read())
    print(output, file=sys.stderr if status in (5, 70) else sys.stdout)
    return status


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(*sys.argv[2:])
    else:
        sys.exit(call(sys.argv[2], sys.argv[3:]))
