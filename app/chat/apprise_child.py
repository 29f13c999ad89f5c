"""The process in which Apprise sends one message: JSON on stdin, the result as JSON on stdout.

The input is {url, title, body, allowedHosts, seconds}. The result is {sent: true}, {refused: text}
if no retry can help, or {failed: text}.
"""

import ipaddress
import json
import logging
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from app.chat.private_addresses import is_allowed, is_private

REFUSED = "resolves to an address that is not on the public Internet; an admin can allow the host"
# Apprise's schemes that notify the host itself, not something on a network.
LOCAL_SCHEMAS = frozenset(
    {"blink1", "dbus", "deltachat", "deltachats", "gio", "glib", "gnome", "kde", "macosx", "qt"}
    | {"syslog", "windows"}
)


class PrivateAddressError(OSError):
    """An attempted connection to a forbidden address."""


class AddressGuard:
    """Checks every address that a socket of this process connects or sends to."""

    def __init__(self, allowed_hosts: list[str]) -> None:
        self.allowed_hosts = allowed_hosts
        self.allowed: set[str] = set()  # the addresses that allowed hosts have resolved to
        self.has_refused = False
        self._look_up = socket.getaddrinfo

    def install(self) -> None:
        socket.getaddrinfo = self._resolve
        for name in ("connect", "connect_ex", "sendto", "sendmsg"):
            # socket.socket is a Python class over one in C: this is found first, also by TLS.
            setattr(socket.socket, name, self._wrap(getattr(socket.socket, name)))

    def _resolve(self, host: Any, *more: Any, **named: Any) -> Any:
        found = self._look_up(host, *more, **named)
        name = host.decode(errors="replace") if isinstance(host, bytes) else str(host)
        if is_allowed(name, self.allowed_hosts):
            self.allowed |= {str(place[4][0]) for place in found}
        return found

    def _wrap(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def checked(sock: socket.socket, *arguments: Any) -> Any:
            self._check(sock, arguments)
            return method(sock, *arguments)

        return checked

    def _check(self, sock: socket.socket, arguments: tuple[Any, ...]) -> None:
        # The address is the last argument. Without one, the socket was checked when it connected.
        address = arguments[-1] if arguments else None
        if sock.family not in (socket.AF_INET, socket.AF_INET6):
            self._refuse()
        if not isinstance(address, tuple):
            return
        host = str(address[0]).partition("%")[0]
        try:
            ip = ipaddress.ip_address(host)
        except ValueError:  # a name, which the system would resolve unchecked
            self._refuse()
            return
        if host not in self.allowed and not is_allowed(host, self.allowed_hosts) and is_private(ip):
            self._refuse()

    def _refuse(self) -> None:
        self.has_refused = True
        raise PrivateAddressError(REFUSED)


class _LastWarning(logging.Handler):
    """Stores Apprise's last warning."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()


def main() -> None:
    given = json.load(sys.stdin)
    signal.alarm(int(given["seconds"]) + 5)  # in case the parent is gone and can't kill us
    guard = AddressGuard(given["allowedHosts"])
    guard.install()
    json.dump(_send(given, guard), sys.stdout)


def _send(given: dict[str, Any], guard: AddressGuard) -> dict[str, Any]:
    import apprise
    from apprise.manager_attachment import AttachmentManager

    # A URL may name a template or a key file. Reject it: no file of this host may be sent, or its
    # existence revealed.
    attachments: Any = AttachmentManager
    attachments().remove("file")
    words = _LastWarning(logging.WARNING)
    logging.getLogger("apprise").addHandler(words)
    scheme = given["url"].partition("://")[0].lower()
    target = None if scheme in LOCAL_SCHEMAS else apprise.Apprise.instantiate(given["url"])
    if target is None:
        return {
            "refused": f"Apprise doesn't support that {scheme}:// URL, or it isn't on a network"
        }
    try:
        is_sent = target.notify(title=given["title"], body=given["body"])
    except Exception as error:  # a plugin's
        return {"failed": f"{scheme}: {type(error).__name__}"}
    if is_sent:
        return {"sent": True}
    if guard.has_refused:
        return {"refused": f"the {scheme}:// address {REFUSED}"}
    return {"failed": f"{scheme}: {words.last or 'it was not sent'}"}


if __name__ == "__main__":
    main()
