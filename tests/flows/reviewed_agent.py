"""A stand-in for claude that writes a file, changes it on the next request, and replies in the
given threads. Its version takes no messages, so the prompt is its last argument. `python -S` runs
it by this path: standard library only."""

import json
import os
import re
import subprocess
import sys
from typing import Any

FILE = "poem.txt"
LINES = [f"line {number}\n" for number in range(1, 31)]
ADDED = ["above 1\n", "above 2\n"]
CHANGED = {9: "line ten\n"}  # by index
SESSION = "kept-session"
_THREAD = re.compile(r"\bthread (\d+)", re.IGNORECASE)


def main() -> None:
    if "stream-json" not in sys.argv:
        sys.stdout.write("2.1.100 (Claude Code)\n")
        return
    session = f"{os.environ['MUSTER_TASK_ID']}-{os.environ['MUSTER_ATTEMPT']}"
    how = "began anew"
    if "--resume" in sys.argv:
        session = sys.argv[sys.argv.index("--resume") + 1]
        how = "went on" if _read_session() == session else "knew nothing"
    with open(os.path.join(os.environ["HOME"], SESSION), "w") as file:
        file.write(session)
    _print_event(
        {"type": "system", "subtype": "init", "session_id": session, "model": "m", "tools": []}
    )
    _write()
    prompt = sys.argv[-1]
    for thread in dict.fromkeys(_THREAD.findall(prompt)):
        _reply(int(thread), f"Done, in thread {thread}.")
    text = f"{how}: {session}"
    content = {"role": "assistant", "content": [{"type": "text", "text": text}]}
    _print_event({"type": "assistant", "message": content})
    used = {"input_tokens": 10, "output_tokens": 5}
    _print_event({"type": "result", "subtype": "success", "is_error": False, "result": text,
          "num_turns": 1, "usage": used, "session_id": session})  # fmt: skip


def _read_session() -> str:
    path = os.path.join(os.environ["HOME"], SESSION)
    if not os.path.exists(path):
        return ""
    with open(path) as file:
        return file.read()


def _write() -> None:
    lines = LINES
    if os.path.exists(FILE):
        lines = ADDED + [CHANGED.get(at, line) for at, line in enumerate(LINES)]
    with open(FILE, "w") as file:
        file.writelines(lines)


def _reply(thread: int, text: str) -> None:
    config = json.loads(sys.argv[sys.argv.index("--mcp-config") + 1])
    server = config["mcpServers"]["muster"]
    pipe = subprocess.PIPE
    with subprocess.Popen([server["command"], *server["args"]], stdin=pipe, stdout=pipe) as tools:
        assert tools.stdin
        assert tools.stdout
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {}}
        call = {"name": "reply_comment", "arguments": {"id": thread, "text": text}}
        for number, (method, params) in enumerate([("initialize", hello), ("tools/call", call)]):
            request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            tools.stdin.write(json.dumps(request).encode() + b"\n")
            tools.stdin.flush()
            tools.stdout.readline()


def _print_event(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
