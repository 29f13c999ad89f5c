"""Secrets are replaced before output reaches the disk, also when split across reads."""

from collections.abc import Iterable, Iterator, Sequence

from muster.worker.masking.forms import derived_forms, literal_forms

MASK = b"********"
MIN_SECRET_LENGTH = 4
"""Shorter secrets would mask half of all output, and tell more by that than they hide."""

_TAIL_BYTES = 8  # bytes at the end of output that say whether a secret may have begun before
_STRIDES = (7, 2)  # in words of 8 bytes, for secrets of 63 and of 23 bytes and more
_MIN_FILTERED_SECRETS = 8  # secrets that are looked for sooner than screened
_MIN_FILTERED_BYTES = 4096  # bytes of output that are not worth the making of a screen


class Masker:
    """Replaces every secret in a stream of bytes by `********`, the longest one first.

    What could be the beginning of a secret is held back until more output decides. `pause`
    releases such a tail when it is so short that it gives nothing away; should the secret go on
    after all, the rest of it is masked. A tail that short is not even held where it could only
    begin a form that is derived from a secret: those begin with almost any letter, and whoever
    types would wait for each.
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
        self._released = 0  # so many bytes of what is held are already out

    @property
    def can_release(self) -> bool:
        """Whether `pause` could release something."""
        return self._released < len(self._held_back) < MIN_SECRET_LENGTH

    @property
    def pending_bytes(self) -> int:
        """How many bytes more there would be to show if no more output came."""
        return (
            len(self._mask(self._held_back, self._released, final=True)[0])
            if self._held_back
            else 0
        )

    def mask_text(self, text: bytes, *, is_cut: bool = False) -> bytes:
        """The masked form of what stands by itself; the stream does not notice.

        Text that `is_cut` may end within a secret: what would give away more of its beginning than
        `pause` does is masked, too.
        """
        shown, rest, _ = self._mask(text, 0, final=not is_cut)
        return shown + (rest if len(rest) < MIN_SECRET_LENGTH else MASK)

    def feed(self, data: bytes) -> bytes:
        """The masked form of all that is decided now."""
        data = self._held_back + data if self._held_back else data
        shown, self._held_back, self._released = self._mask(data, self._released, final=False)
        if self.can_release and not self._may_start_literal():
            shown += self.release()
        return shown

    def release(self) -> bytes:
        """What may be shown since the output went quiet, so that a prompt does not lag."""
        if not self.can_release:
            return b""
        shown = self._held_back[self._released :]
        self._released = len(self._held_back)
        return shown

    def flush(self) -> bytes:
        """The rest: no more output will come."""
        shown, self._held_back, self._released = self._mask(
            self._held_back, self._released, final=True
        )
        return shown

    def _mask(self, data: bytes, shown: int, *, final: bool) -> tuple[bytes, bytes, int]:
        """Of data whose first bytes, so many, are `shown` already: what is to be shown now, what is
        held back, and how many bytes of that are out."""
        pieces, done = [], 0
        matches = {
            secret: at for secret in self._possible_secrets(data) if (at := data.find(secret)) >= 0
        }
        hold = len(data) if final else self._undecided_from(data, 0)
        while matches:
            # The longest of those that begin first, because `matches` is in order of length.
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
        """Whether what is held could begin a secret as somebody wrote it."""
        return any(
            self._held_back[at:] in self._literal_prefixes for at in range(len(self._held_back))
        )

    def _possible_secrets(self, data: bytes) -> Iterator[bytes]:
        """The secrets that may be in there, the longest first."""
        for screen in self._prefilters:
            if screen.may_contain_secret(data):
                yield from screen.secrets
        yield from self._unfiltered

    def _undecided_from(self, data: bytes, start: int) -> int:
        """Where, from `start` on, the first tail begins that could still become a secret."""
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
    """Where data ends with `_TAIL_BYTES` bytes and more of a secret's beginning, if before
    `first`."""
    head, at = secret[:_TAIL_BYTES], max(start, len(data) - len(secret) + 1) - 1
    # A head that begins before `first` may end behind it.
    while (at := data.find(head, at + 1, first + _TAIL_BYTES - 1)) >= 0:
        if secret.startswith(data[at:]):
            return at
    return first


def _next_matches(data: bytes, done: int, matches: dict[bytes, int]) -> dict[bytes, int]:
    """Each secret's next place that does not overlap what is masked already."""
    moved = ((s, at if at >= done else data.find(s, done)) for s, at in matches.items())
    return {secret: at for secret, at in moved if at >= 0}


def _prefix_limit(form: bytes) -> int:
    return min(len(form), _TAIL_BYTES + 1)


class _Prefilter:
    """Tells quickly that none of many secrets is in a piece of output.

    Of the output every `stride`-th word of 8 bytes is looked at. Wherever a secret is, one of those
    words lies within its first bytes, and the words at all those places are known.
    """

    def __init__(self, secrets: Sequence[bytes], stride: int) -> None:
        self.secrets = secrets
        self._stride = stride
        self._words: set[int] = set()

    def may_contain_secret(self, data: bytes) -> bool:
        """Whether any of the secrets may be in there."""
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
    """Screens, and the secrets that have none, by length, the longest first."""
    screens, rest = [], secrets
    for stride in _STRIDES:
        long = [secret for secret in rest if len(secret) >= 8 * stride + 7]
        if len(long) >= _MIN_FILTERED_SECRETS:
            screens.append(_Prefilter(long, stride))
            rest = rest[len(long) :]
    return screens, rest
