"""Replace secrets before output reaches the disk, even if reads split them."""

import copy
from collections.abc import Iterable, Iterator, Sequence

from muster.worker.masking.forms import derived_forms, literal_forms

MASK = b"********"
MIN_SECRET_LENGTH = 4
"""Shorter secrets would mask half of all output, and reveal more than they hide."""

_TAIL_BYTES = 8  # bytes at the end of output that show whether a secret may have started
_STRIDES = (7, 2)  # in words of 8 bytes, for secrets of 63 and of 23 bytes and more
_MIN_FILTERED_SECRETS = 8  # fewer secrets are searched for directly
_MIN_FILTERED_BYTES = 4096  # less output isn't worth a prefilter


class Masker:
    """Replaces every secret in a stream of bytes by `********`, the longest one first.

    The possible start of a secret is held back until more output decides. `release` shows such a
    tail when it is too short to reveal anything; if the secret continues after all, its rest is
    masked. A tail that short isn't even held back if only a derived form of a secret starts that
    way: those start with almost any letter, and typed text would lag.
    """

    def __init__(self, secrets: Iterable[bytes]) -> None:
        given = tuple(secrets)
        plain = {
            form
            for secret in given
            for form in literal_forms(secret)
            if len(form) >= MIN_SECRET_LENGTH
        }
        forms = plain.union(form for secret in given for form in derived_forms(secret))
        self._secrets = sorted(forms, key=len, reverse=True)
        self._prefilters, self._unfiltered = _build_prefilters(self._secrets)
        self._prefixes = {form[:size] for form in forms for size in range(1, _prefix_limit(form))}
        self._long_forms = b"\0".join(form for form in self._secrets if len(form) > _TAIL_BYTES)
        self._literal_prefixes = {
            form[:size] for form in plain for size in range(1, MIN_SECRET_LENGTH)
        }
        self._held_back = b""
        self._released = 0  # bytes of the held ones that are already shown

    def create_stream(self) -> "Masker":
        """Return a masker of the same secrets for another stream."""
        stream = copy.copy(self)
        stream._held_back, stream._released = b"", 0
        return stream

    @property
    def max_secret_bytes(self) -> int:
        """The length of the longest secret, in any of its forms."""
        return len(self._secrets[0]) if self._secrets else 0

    @property
    def can_release(self) -> bool:
        """Whether `release` could show something."""
        return self._released < len(self._held_back) < MIN_SECRET_LENGTH

    @property
    def pending_bytes(self) -> int:
        """The number of bytes that would be shown if the output ended now."""
        return (
            len(self._mask(self._held_back, self._released, final=True)[0])
            if self._held_back
            else 0
        )

    def mask_text(self, text: bytes, *, is_cut: bool = False) -> bytes:
        """Return the masked form of a separate text; the stream isn't affected.

        Text that `is_cut` may end within a secret: more of its start than `release` would show is
        masked too.
        """
        shown, rest, _ = self._mask(text, 0, final=not is_cut)
        return shown + (rest if len(rest) < MIN_SECRET_LENGTH else MASK)

    def feed(self, data: bytes) -> bytes:
        """Return the masked form of everything that is decided now."""
        data = self._held_back + data if self._held_back else data
        shown, self._held_back, self._released = self._mask(data, self._released, final=False)
        if self.can_release and not self._may_start_literal():
            shown += self.release()
        return shown

    def release(self) -> bytes:
        """Return what can be shown after the output paused, so that a prompt doesn't lag."""
        if not self.can_release:
            return b""
        shown = self._held_back[self._released :]
        self._released = len(self._held_back)
        return shown

    def flush(self) -> bytes:
        """Return the rest at the end of output."""
        shown, self._held_back, self._released = self._mask(
            self._held_back, self._released, final=True
        )
        return shown

    def _mask(self, data: bytes, shown: int, *, final: bool) -> tuple[bytes, bytes, int]:
        """For data whose first bytes are already `shown`: return what to show now, what to hold
        back, and how many bytes of that are shown."""
        pieces, done = [], 0
        matches = {
            secret: at for secret in self._possible_secrets(data) if (at := data.find(secret)) >= 0
        }
        hold = len(data) if final else self._undecided_from(data, 0)
        while matches:
            # The longest of those that start first, because `matches` is in order of length.
            secret = min(matches, key=matches.__getitem__)
            at = matches[secret]
            if at >= hold:
                break
            pieces += [data[max(done, min(shown, at)) : at], MASK]
            done = shown = at + len(secret)
            matches = _next_matches(data, done, matches)
            if hold < done:
                hold = len(data) if final else self._undecided_from(data, done)
        pieces.append(data[max(done, min(shown, hold)) : hold])
        now = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return now, data[hold:], max(0, shown - max(hold, done))

    def _may_start_literal(self) -> bool:
        """Whether the held bytes could start a secret in its literal form."""
        return any(
            self._held_back[at:] in self._literal_prefixes for at in range(len(self._held_back))
        )

    def _possible_secrets(self, data: bytes) -> Iterator[bytes]:
        """Return the secrets that may be in the data, the longest first."""
        for screen in self._prefilters:
            if screen.may_contain_secret(data):
                yield from screen.secrets
        yield from self._unfiltered

    def _undecided_from(self, data: bytes, start: int) -> int:
        """Return where, from `start` on, the first tail begins that could become a secret."""
        end = first = len(data)
        for size in range(min(_TAIL_BYTES, end - start), 0, -1):
            if data[-size:] in self._prefixes:
                first = end - size
                break
        if end - start > _TAIL_BYTES and data[-_TAIL_BYTES:] in self._long_forms:
            for secret in self._secrets:
                first = _find_partial(secret, data, start, first)
        return first


def _find_partial(secret: bytes, data: bytes, start: int, first: int) -> int:
    """Return where, if before `first`, data ends with at least `_TAIL_BYTES` bytes of a secret's
    start."""
    head, at = secret[:_TAIL_BYTES], max(start, len(data) - len(secret) + 1) - 1
    # A start before `first` may end behind it.
    while (at := data.find(head, at + 1, first + _TAIL_BYTES - 1)) >= 0:
        if secret.startswith(data[at:]):
            return at
    return first


def _next_matches(data: bytes, done: int, matches: dict[bytes, int]) -> dict[bytes, int]:
    """Return each secret's next position that doesn't overlap masked text."""
    moved = ((s, at if at >= done else data.find(s, done)) for s, at in matches.items())
    return {secret: at for secret, at in moved if at >= 0}


def _prefix_limit(form: bytes) -> int:
    return min(len(form), _TAIL_BYTES + 1)


class _Prefilter:
    """Quickly excludes that any of many secrets is in a chunk of output.

    It checks every `stride`-th word of 8 bytes. Wherever a secret is, one of those words is within
    its first bytes, and the words at all those positions are known.
    """

    def __init__(self, secrets: Sequence[bytes], stride: int) -> None:
        self.secrets = secrets
        self._stride = stride
        self._words: set[int] = set()

    def may_contain_secret(self, data: bytes) -> bool:
        """Whether any of the secrets may be in the data."""
        if not self._words and len(data) < _MIN_FILTERED_BYTES:
            return True
        if not self._words:
            self._words = set(self._secret_words())
        looked_at = memoryview(data)[: len(data) // 8 * 8].cast("Q")[:: self._stride]
        return not self._words.isdisjoint(looked_at)

    def _secret_words(self) -> Iterator[int]:
        for secret in self.secrets:
            for place in range(8):
                yield from memoryview(secret[place : place + 8 * self._stride]).cast("Q")


def _build_prefilters(secrets: list[bytes]) -> tuple[list[_Prefilter], list[bytes]]:
    """Return prefilters, and the secrets without one, by length, the longest first."""
    screens, rest = [], secrets
    for stride in _STRIDES:
        long = [secret for secret in rest if len(secret) >= 8 * stride + 7]
        if len(long) >= _MIN_FILTERED_SECRETS:
            screens.append(_Prefilter(long, stride))
            rest = rest[len(long) :]
    return screens, rest
