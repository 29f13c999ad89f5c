"""Checks of this host: its secrets, its disk, and its addresses."""

import ipaddress
import os
import resource
import shutil
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from flask import current_app

from app.domain import addresses, key_strength
from app.services import clock
from app.services.doctor.finding import Check, Finding, run_checks

SIGNING = ("SECRET_KEY", "JWT_SECRET_KEY", "WORKER_JWT_SECRET_KEY")
FREE_BYTES = 1 << 30
CERTIFICATE_DAYS = 14
OPEN_FILES = 12_000


def findings() -> Iterator[Finding]:
    yield from run_checks(CHECKS, current_app.config)


def _secrets(config: Mapping[str, Any]) -> Finding:
    faults = key_strength.find_problems({name: config[name] for name in SIGNING}, ())
    return Finding("secrets", *_key_finding(faults, f"{', '.join(SIGNING)} are set"))


def _encryption(config: Mapping[str, Any]) -> Finding:
    keys = config["ENCRYPTION_KEYS"]
    faults = key_strength.find_problems({}, keys)
    return Finding("encryption keys", *_key_finding(faults, f"{len(keys)} in ENCRYPTION_KEYS"))


def _key_finding(faults: Sequence[str], well: str) -> tuple[str, str]:
    """Return the finding's text and its advice."""
    advice = "run `python -m app.embedded.keys` to generate strong ones (docs/operating.md)"
    return ("; ".join(faults), advice) if faults else (well, "")


def _disk(config: Mapping[str, Any]) -> Finding:
    home: Path = config["MUSTER_HOME"]
    there = next(place for place in (home, *home.parents) if place.exists())
    if home.exists() and not os.access(home, os.W_OK | os.X_OK):
        return Finding("disk", f"{home} isn't writable", "make the server's user its owner")
    free = shutil.disk_usage(there).free
    text = f"{free / 2**30:.1f} GiB free for {home}"
    return Finding(
        "disk", text, "" if free >= FREE_BYTES else "free some space, or move MUSTER_HOME"
    )


def _tls(_: Mapping[str, Any]) -> Finding:
    certificate, key = os.environ.get("MUSTER_TLS_CERT"), os.environ.get("MUSTER_TLS_KEY")
    if not certificate and not key:
        return Finding("TLS", "handled by a proxy, or only this machine connects")
    if not certificate or not key:
        return Finding(
            "TLS", "incomplete", "set both MUSTER_TLS_CERT and MUSTER_TLS_KEY, or neither"
        )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        end = x509.load_pem_x509_certificate(Path(certificate).read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        advice = "check that MUSTER_TLS_CERT and MUSTER_TLS_KEY match and are readable"
        return Finding("TLS", "certificate and key are unusable", advice)
    now, renew = clock.now(), "renew it, then restart the web server"
    if end < now:
        return Finding(
            "TLS", f"the certificate expired on {end:%Y-%m-%d}: nobody can connect", renew
        )
    late = end < now + timedelta(days=CERTIFICATE_DAYS)
    return Finding("TLS", f"the certificate expires on {end:%Y-%m-%d}", renew if late else "")


def _proxy(config: Mapping[str, Any]) -> Finding:
    proxies = [part for part in config["PROXIES"] if part]
    wrong = [part for part in proxies if part != "*" and not _is_address(part)]
    if wrong:
        text = f"MUSTER_PROXY contains {', '.join(wrong)}, which isn't an address"
        return Finding("proxy", text, "list the proxies' IP addresses, separated by commas")
    bind = os.environ.get("MUSTER_BIND", "")
    exposed = bool(bind) and not addresses.is_loopback(bind)
    encrypted = bool(os.environ.get("MUSTER_TLS_CERT"))
    if exposed and not proxies and not encrypted:
        advice = "set MUSTER_TLS_CERT and MUSTER_TLS_KEY, or MUSTER_PROXY"
        return Finding("proxy", f"plain HTTP on {bind} isn't served", advice)
    if "*" in proxies:
        text = "every client can forge its address"
        return Finding("proxy", text, "list the proxies' addresses in MUSTER_PROXY instead of *")
    if exposed and not encrypted and all(map(addresses.is_loopback, proxies)):
        text = f"the port is open on {bind} for a proxy on this machine, and rejects all others"
        return Finding("proxy", text, "remove MUSTER_BIND: then only this machine can connect")
    return Finding("proxy", f"trusted: {', '.join(proxies)}" if proxies else "none")


def _open_files(_: Mapping[str, Any]) -> Finding:
    """Check the limit of open files: each connection needs one, and the server accepts up to the
    limit.
    """
    _now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return Finding("open files", "unlimited")
    advice = f"raise the server's limit to {OPEN_FILES:,} (ulimit -Hn, LimitNOFILE)"
    return Finding("open files", f"{most:,} per process", "" if most >= OPEN_FILES else advice)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


CHECKS: tuple[tuple[str, Check[Mapping[str, Any]]], ...] = (
    ("secrets", _secrets),
    ("encryption keys", _encryption),
    ("disk", _disk),
    ("TLS", _tls),
    ("proxy", _proxy),
    ("open files", _open_files),
)
