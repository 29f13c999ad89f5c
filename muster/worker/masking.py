"""Secrets are replaced before output reaches the disk, also when split across reads."""

from collections.abc import Iterable

MASK = b"********"
SHORTEST = 4
"""Shorter secrets would mask half of all output, and tell more by that than they hide."""

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class Masker:
    """Replaces every secret in a stream of bytes by `********`, the longest one first.

    What could be the beginning of a secret is held back until more output decides. `pause`
    releases such a tail when it is so short that it gives nothing away; should the secret go on
    after all, the rest of it is masked.
    """

    def __init__(self, secrets: Iterable[bytes]) -> None:
        forms = {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST}
        self._secrets = sorted(forms, key=len, reverse=True)
        self._held = b""
        self._released = 0  # so many bytes of what is held are already out

    @property
    def holds(self) -> bool:
        """Whether `pause` could release something."""
        return self._released < len(self._held) < SHORTEST

    def feed(self, data: bytes) -> bytes:
        """The masked form of all that is decided now."""
        return self._mask(self._held + data if self._held else data, final=False)

    def pause(self) -> bytes:
        """What may be shown since the output went quiet, so that a prompt does not lag."""
        if not self.holds:
            return b""
        shown = self._held[self._released :]
        self._released = len(self._held)
        return shown

    def flush(self) -> bytes:
        """The rest: no more output will come."""
        return self._mask(self._held, final=True)

    def _mask(self, data: bytes, *, final: bool) -> bytes:
        pieces, done, shown = [], 0, self._released
        matches = {secret: at for secret in self._secrets if (at := data.find(secret)) >= 0}
        hold = len(data) if final else self._undecided(data, 0)
        while matches:
            # The longest of those that begin first, because `matches` is in order of length.
            secret = min(matches, key=matches.__getitem__)
            at = matches[secret]
            if at >= hold:
                break
            pieces += [data[max(done, min(shown, at)) : at], MASK]
            done = shown = at + len(secret)
            matches = _beyond(data, done, matches)
            if hold < done:
                hold = len(data) if final else self._undecided(data, done)
        pieces.append(data[max(done, min(shown, hold)) : hold])
        self._held, self._released = data[hold:], max(0, shown - max(hold, done))
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _undecided(self, data: bytes, start: int) -> int:
        """Where, from `start` on, the first tail begins that could still become a secret."""
        first = len(data)
        for secret in self._secrets:
            at = data.find(secret[:1], max(start, len(data) - len(secret) + 1), first)
            while at >= 0:
                if secret.startswith(data[at:]):
                    first = at
                    break
                at = data.find(secret[:1], at + 1, first)
        return first


def _beyond(data: bytes, done: int, matches: dict[bytes, int]) -> dict[bytes, int]:
    """Each secret's next place that does not overlap what is masked already."""
    moved = ((s, at if at >= done else data.find(s, done)) for s, at in matches.items())
    return {secret: at for secret, at in moved if at >= 0}


def _forms(secret: bytes) -> Iterable[bytes]:
    """How a secret may look on a terminal: as it is, trimmed, with CR LF, inside a URL."""
    for text in (secret, secret.strip()):
        yield text
        yield text.replace(b"\n", b"\r\n")
        yield _percent_encoded(text, b"")
        yield _percent_encoded(text, b"/")


def _percent_encoded(text: bytes, safe: bytes) -> bytes:
    # urllib.parse would do it too, and costs the shim a tenth of its start.
    kept = _UNRESERVED.union(safe)
    return b"".join(b"%c" % byte if byte in kept else b"%%%02X" % byte for byte in text)
