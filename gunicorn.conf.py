"""gunicorn's configuration: `gunicorn wsgi:app` reads this file by itself."""

import os
import resource
import shutil
import sys
from pathlib import Path

# The program `gunicorn` does this itself only after reading this file.
if (_root := str(Path(__file__).parent)) not in sys.path:
    sys.path.insert(0, _root)

from app.domain import addresses
from config import proxies as _read_proxies

_env = os.environ
_port = _env.get("MUSTER_PORT", "9000")
_proxies = _read_proxies(_env)

certfile = _env.get("MUSTER_TLS_CERT") or None
keyfile = _env.get("MUSTER_TLS_KEY") or None
if bool(certfile) != bool(keyfile):
    raise SystemExit("set both MUSTER_TLS_CERT and MUSTER_TLS_KEY, or neither")

# Without TLS the server listens on this machine only, unless a proxy with TLS is in front on
# another one (MUSTER_PROXY, its addresses). Then only the proxy is served.
_away = [proxy for proxy in _proxies if not addresses.is_loopback(proxy)]
_host = _env.get("MUSTER_BIND") or ("0.0.0.0" if certfile or _away else "127.0.0.1")
_is_open = not addresses.is_loopback(_host)
if _is_open and not (certfile or _proxies):
    raise SystemExit(
        f"plain HTTP is only allowed on this machine, not on {_host}: set MUSTER_TLS_CERT and "
        "MUSTER_TLS_KEY, or set MUSTER_PROXY to the proxy in front"
    )
bind = f"{_host}:{_port}"
forwarded_allow_ips = ",".join(_proxies) or "127.0.0.1,::1"

# For libpq. A server process that is frozen, or hangs, in the middle of a transaction would keep
# its locks, and so block all machines and tasks that it has locked.
_env.setdefault("PGOPTIONS", "-c idle_in_transaction_session_timeout=15000")

worker_class = "app.http_server.worker.Worker"
workers = int(_env.get("MUSTER_WEB_WORKERS", min(2, os.cpu_count() or 1)))
# Each machine and each terminal viewer holds a socket for a long time.
worker_connections = 10_000
# Each is an open file; shells often limit these to a thousand.
_most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
_files = 1 << 16 if _most == resource.RLIM_INFINITY else min(_most, 1 << 16)
resource.setrlimit(resource.RLIMIT_NOFILE, (_files, _most))
# Headers of anonymous clients are buffered until they are complete: 400 KiB at most.
limit_request_fields = 50
# After a fork, so that each worker patches its sockets before it creates any.
preload_app = False
# Seconds: how long a stop waits for requests; and how long idle connections stay open, which is
# also the time limit for a request's headers.
graceful_timeout = 10
keepalive = 5
timeout = 60
# The control socket would be in the home directory, shared by all stacks.
control_socket_disable = True
# Each request already has its JSON log line.
accesslog = None
loglevel = "warning"

# The directory for all workers' metrics; set before any of them imports prometheus_client.
_metrics = Path(_env.get("MUSTER_HOME", ".muster")).absolute() / "metrics" / _port
_env["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics)


def on_starting(server):
    """Delete the metrics of an earlier run: they start at zero with each start of the server."""
    shutil.rmtree(_metrics, ignore_errors=True)
    _metrics.mkdir(parents=True)


def post_fork(server, worker):
    """Make psycopg2 wait in gevent's hub, which gunicorn's patching doesn't do, and return the
    memory of password hashing to the system.
    """
    from app import memory
    from app.http_server.worker import AdmissionPolicy
    from app.postgres import waits

    worker.admission = AdmissionPolicy(
        tuple(_proxies),
        only_proxies=bool(_is_open and not certfile),
        allow_loopback=bool(_env.get("MUSTER_LOCAL_HTTP")),
    )
    waits.install_gevent_wait()
    memory.release_large_blocks()


def post_worker_init(worker):
    """Start the connections to machines, and close all long-lived sockets when the worker stops.

    They would hold it until `graceful_timeout`.
    """
    import gevent

    from app import memory
    from app.api.streams import hub
    from app.control_channel import connections
    from app.http_server import metrics
    from app.terminals import routes as terminals

    worker.anonymous_connections.on_rejected = metrics.count_rejection
    channels = connections.get_registry(worker.wsgi)
    channels.start()

    def watch():
        while worker.alive:
            gevent.sleep(0.1)
        channels.close_all()
        terminals.get_relay(worker.wsgi).close_all()
        hub.get_hub(worker.wsgi).close_all()

    gevent.spawn(watch)
    memory.freeze_gc()


def child_exit(server, worker):
    """Remove the gauges of an exited worker: they are outdated."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)
