"""A stand-in for claude that uses its tools, and prints the results."""

import os
from pathlib import Path

import pytest

from muster.protocol.frames import SandboxLevel
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.mounts import PYTHON
from tests.muster.worker.worker_home import WorkerHome

_ASKING = """\
#!{python}
import json, subprocess, sys

given = json.loads(sys.argv[sys.argv.index("--mcp-config") + 1])["mcpServers"]["muster"]
command = [given["command"], *given["args"]]

class Tools:
    def __init__(self):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe)
        self.ids = 0
        self.ask("initialize", protocolVersion="2025-06-18", capabilities={{}}, clientInfo={{}})

    def say(self, method, **message):
        line = json.dumps({{"jsonrpc": "2.0", "method": method, **message}})
        self.process.stdin.write(line.encode() + b"\\n")
        self.process.stdin.flush()

    def begin(self, method, **params):
        self.ids += 1
        self.say(method, id=self.ids, params=params)
        return self.ids

    def hear(self, about):
        while True:
            message = json.loads(self.process.stdout.readline())
            if message.get("id") == about:
                return message

    def ask(self, method, **params):
        return self.hear(self.begin(method, **params))

    def call(self, name, **arguments):
        result = self.ask("tools/call", name=name, arguments=arguments)["result"]
        return result["content"][0]["text"]

    def end(self):
        self.process.stdin.close()
        self.process.wait()

tools = Tools()
{act}
tools.end()
"""


def install(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch, act: str, room: SandboxLevel
) -> None:
    """Install it as `claude` on the search path of a worker in such a sandbox; `act` has
    `tools`."""
    python = detect(worker.layout, most=room).interpreter.program
    if room == "full":
        python = Path(PYTHON, "bin", python.name)
    program = worker.layout.home.parent / "claude"
    program.write_text(_ASKING.format(python=python, act=act))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
