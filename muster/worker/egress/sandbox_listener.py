"""The room's side of its proxy: the listener that is handed out, and what tells programs of it."""

import socket

PORT = 3128
"""In every room: it has a loopback of its own."""


def listen_in_sandbox(proxy: int, port: int = PORT) -> None:
    """Listens on the room's loopback and hands the listener out, over the handle `proxy`.

    For the room's first process, in the room's network, before it runs anything; `proxy` is
    `Proxy.room` of `client.py`, inherited. Clients may connect at once: they wait until they are
    served. The handle stays open for as long as this process lives, and only in it: its end tells
    the proxy that the room is gone. Raises OSError.
    """
    with socket.socket() as listener, socket.socket(fileno=proxy) as handover:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
        socket.send_fds(handover, [b"\0"], [listener.fileno()])
        handover.set_inheritable(False)
        handover.detach()


def proxy_environment(port: int = PORT) -> dict[str, str]:
    """What tells programs of the proxy.

    `all_proxy` names it as an HTTP proxy too: the port speaks both, and programs that stand on
    httpx do not even start when a SOCKS proxy is named and a package for it is missing. Who wants
    SOCKS says `socks5h://127.0.0.1:3128`.
    """
    url = f"http://127.0.0.1:{port}"
    here = "localhost,127.0.0.1,::1"
    both = {"http_proxy": url, "https_proxy": url, "all_proxy": url, "no_proxy": here}
    return {
        **both,
        **{name.upper(): value for name, value in both.items()},
        "NODE_USE_ENV_PROXY": "1",  # Node's own fetch, from 22.21 on, looks at them only then
    }
