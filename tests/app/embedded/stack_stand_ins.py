"""Small programs in the places of gunicorn, Celery and the migration."""

import sys
from collections.abc import Callable
from pathlib import Path

from app.embedded.commands import Command, Commands

WEB = """
import http.server, os, pathlib
home = pathlib.Path(os.environ["MUSTER_HOME"])

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ready = self.path == "/healthz" or not (home / "unready").exists()
        self.send_response(200 if ready else 503)
        self.end_headers()
        self.wfile.write(b"fine" if ready else b"no heartbeat")

print("web begins", flush=True)
address = ("127.0.0.1", int(os.environ["MUSTER_PORT"]))
http.server.ThreadingHTTPServer(address, Answer).serve_forever()
"""
# Notes its name in the order of the starts, and when it was asked to end.
WORKER = """
import os, pathlib, signal, sys
home = pathlib.Path(os.environ["MUSTER_HOME"])
def note(name, word):
    with (home / name).open("a") as file:
        file.write(word + "\\n")
def end(*_):
    note("ended", sys.argv[1])
    sys.exit()
signal.signal(signal.SIGTERM, end)
note("started", sys.argv[1])
while True:
    signal.pause()
"""
MIGRATE = """
import os, pathlib, sys, time
home = pathlib.Path(os.environ["MUSTER_HOME"])
if (home / "broken").exists():
    sys.exit("no such revision")
started = home / "started"
deadline = time.monotonic() + 5
def others_started():
    return started.exists() and started.read_text()
while (home / "slow").exists() and not others_started() and time.monotonic() < deadline:
    time.sleep(0.02)
with (home / "started").open("a") as file:
    file.write("migrated\\n")
"""


def python(script: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", script, *arguments)


def table(**changes: Command) -> Callable[[Path], Commands]:
    """Return the command table of the stand-ins, with some of them replaced."""
    processes = {
        "gunicorn": Command(python(WEB), needs_schema=False),
        "celery": Command(python(WORKER, "celery")),
        "beat": Command(python(WORKER, "beat")),
    }
    stand_ins = Commands(migrate=python(MIGRATE), processes={**processes, **changes})
    return lambda home: stand_ins
