"""The channel client of a stage's command: `python -c` of SPEAKER and an act."""

SPEAKER = """
import json, os, socket, sys
channel = socket.socket(fileno=int(os.environ["MUSTER_CHANNEL"]))
answers = channel.makefile("rb")

def say(message):
    line = message if isinstance(message, bytes) else json.dumps(message).encode()
    channel.sendall(line + b"\\n")

def ask(message):
    say(message)
    return json.loads(answers.readline())

def entry(text="", kind="message", **more):
    return ask({"entry": {"kind": kind, "text": text, **more}})

def show(text):
    data = text.encode()
    while data:
        data = data[os.write(1, data):]
"""
