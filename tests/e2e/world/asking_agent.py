"""An agent of the Agent Client Protocol that asks for one permission, and ends with the answer.

Run as text, `python3 -c`, so it needs no file where attempts run.
"""

import inspect
import json
import shlex
import sys


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        match message.get("method"):
            case "initialize":
                result = {"protocolVersion": 1, "agentCapabilities": {}}
            case "session/new":
                result = {"sessionId": "s-1"}
            case "session/prompt":
                prompt, result = message["id"], None
                call = {"toolCallId": "c-1", "kind": "execute", "title": "npm test -- --all"}
                call["rawInput"] = {"command": "npm test -- --all"}
                options = [{"optionId": "yes", "name": "Allow", "kind": "allow_once"}]
                asked = {"sessionId": "s-1", "toolCall": call, "options": options}
                method = "session/request_permission"
                reply = {"jsonrpc": "2.0", "id": 1, "method": method, "params": asked}
            case None:
                message["id"], result = prompt, {"stopReason": "end_turn"}
            case _:
                continue
        if result is not None:
            reply = {"jsonrpc": "2.0", "id": message["id"], "result": result}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


def command() -> str:
    """Return the project's command, on one line."""
    text = f"import json, sys\n{inspect.getsource(main)}main()\n"
    return shlex.join(["python3", "-c", f"exec(bytes.fromhex('{text.encode().hex()}'))"])
