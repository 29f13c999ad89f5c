"""`listen.py PORT`: listens on a loopback port in the background, and never answers."""

import os
import signal
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
if os.fork() == 0:
    os.closerange(0, listener.fileno())
    os.closerange(listener.fileno() + 1, 64)
    signal.pause()
