"""An agent of a chaos run, behind an operator's adapter: it hits limits, asks people, and notes
what it really did and heard, as `probe` does beside it.

Of its stage's part of MUSTER_DESCRIPTION (see plan.py) it takes `limits`, how many of its runs are
stopped by one, and `questions`. It prints as claude does.
"""

import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from typing import Any

from tests.chaos import probe

LIMIT_SECONDS = 3  # until a limit is over
_MESSAGE = re.compile(r"\bHeed message (m\d+)\.")
_THREAD = re.compile(r"\bthread (\d+)", re.IGNORECASE)


def main() -> int:
    if "--version" in sys.argv:
        sys.stdout.write("1.0\n")
        return 0
    todo = json.loads(os.environ["MUSTER_DESCRIPTION"])["stages"][int(probe.STAGE)]
    notes, mark = probe.start_notes(os.environ["CHAOS_NOTES"])
    threading.Thread(target=notes.beat_on, daemon=True).start()
    session = f"{random.SystemRandom().getrandbits(64):x}"
    print_event(
        {"type": "system", "subtype": "init", "session_id": session, "model": "m", "tools": []}
    )
    for message in _MESSAGE.findall(sys.argv[-1]):
        notes.write("read", message=message)
    turn = next_turn()
    probe.leave_mark(mark)
    time.sleep(todo["seconds"])
    if turn < todo["limits"]:
        notes.write("limited")
        return limited()
    reply_all(notes, mark)
    for number in range(todo["questions"]):
        notes.write("heard", text=asked(f"What about {number}?"))
    print_event(result("Done."))
    notes.write("end", exit=0)
    return 0


def next_turn() -> int:
    """How many runs of the stage have left their work here before this one."""
    os.makedirs("chaos-turns", exist_ok=True)
    name = f"chaos-turns/{probe.STAGE}"
    turn = 0
    if os.path.exists(name):
        with open(name) as file:
            turn = int(file.read())
    with open(name + ".new", "w") as file:
        file.write(str(turn + 1))
    os.replace(name + ".new", name)
    return turn


def limited() -> int:
    over = int(time.time()) + LIMIT_SECONDS
    about = {"status": "rejected", "resetsAt": over, "rateLimitType": "five_hour"}
    text = "You've hit your session limit"
    print_event({"type": "rate_limit_event", "rate_limit_info": about})
    content = {"role": "assistant", "content": [{"type": "text", "text": text}]}
    print_event({"type": "assistant", "error": "rate_limit", "message": content})
    print_event(result(text) | {"is_error": True, "api_error_status": 429})
    return 1


def asked(question: str) -> str:
    """What the tool answers: a person's word, or that there was none."""
    return str(called("ask_human", {"question": question})["content"][0]["text"])


def reply_all(notes: probe.Notes, mark: str) -> None:
    """Answer in each thread that this agent was told of."""
    for thread in dict.fromkeys(_THREAD.findall(sys.argv[-1])):
        reply = {"thread": int(thread), "text": f"{mark} to {thread}"}
        notes.write("replying", **reply)
        answer = called("reply_comment", {"id": reply["thread"], "text": reply["text"]})
        if not answer.get("isError"):
            notes.write("replied", **reply)


def called(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """What the tool answers."""
    server = json.loads(sys.argv[sys.argv.index("--asking") + 1])
    pipe = subprocess.PIPE
    with subprocess.Popen(server, stdin=pipe, stdout=pipe) as tools:
        assert tools.stdin
        assert tools.stdout
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {}}
        call = {"name": tool, "arguments": arguments}
        for number, (method, params) in enumerate([("initialize", hello), ("tools/call", call)]):
            request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            tools.stdin.write(json.dumps(request).encode() + b"\n")
            tools.stdin.flush()
            answer = json.loads(tools.stdout.readline())
        return dict(answer["result"])


def result(text: str) -> dict[str, Any]:
    used = {"input_tokens": 10, "output_tokens": 5}
    return {"type": "result", "subtype": "success", "is_error": False, "result": text,
            "num_turns": 1, "usage": used}  # fmt: skip


def print_event(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
