"""The sandbox's side of its proxy: the listener, and the variables that point programs to it."""

import socket

PORT = 3128
"""The same in every sandbox, because each has its own loopback."""


def listen_in_sandbox(proxy: int, port: int = PORT) -> None:
    """Listen on the sandbox's loopback and send the listener over the descriptor `proxy`.

    For the sandbox's first process, in the sandbox's network, before it runs anything; `proxy` is
    the `ProxyProcess`'s end for the sandbox (`proxy_process.py`), inherited. Clients can connect at
    once: they wait until they are served. The descriptor stays open while this process lives, and
    only in it: its end tells the proxy that the sandbox is gone. Raises OSError.
    """
    with socket.socket() as listener, socket.socket(fileno=proxy) as handover:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
        socket.send_fds(handover, [b"\0"], [listener.fileno()])
        handover.set_inheritable(False)
        handover.detach()


def proxy_environment(port: int = PORT) -> dict[str, str]:
    """Return the variables that point programs to the proxy.

    `all_proxy` names it as an HTTP proxy too: the port supports both, and programs that use httpx
    don't even start if a SOCKS proxy is named and a package for it is missing. For SOCKS, use
    `socks5h://127.0.0.1:3128`.
    """
    url = f"http://127.0.0.1:{port}"
    here = "localhost,127.0.0.1,::1"
    both = {"http_proxy": url, "https_proxy": url, "all_proxy": url, "no_proxy": here}
    return {
        **both,
        **{name.upper(): value for name, value in both.items()},
        "NODE_USE_ENV_PROXY": "1",  # Node's own fetch, from 22.21 on, uses them only with this
    }
