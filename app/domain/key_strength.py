"""Whether the server's own keys are strong enough to start with.

No rule can prove randomness. These rules detect its absence: short or repetitive keys, words,
examples, and one key for two purposes.
"""

import base64
import binascii
import math
from collections import Counter
from collections.abc import Mapping, Sequence

MIN_BYTES = 32  # bytes
# Nearly all sets of 32 random hex digits, the weakest key that is long enough, have more.
MIN_BITS = 90.0
FERNET_BYTES = 32
# In a random key, a seven-letter word occurs by chance once in a billion.
_EXAMPLES = (
    *("changeme", "change-me", "change_me", "replaceme", "replace-me", "replace_me"),
    *("your-secret", "your_secret", "yoursecret", "supersecret", "super-secret", "super_secret"),
    *("mysecret", "my-secret", "my_secret", "insecure", "placeholder", "example", "password"),
    *("0123456789", "1234567890", "abcdefgh", "qwertyui", "deadbeef"),
)


def find_problems(signing: Mapping[str, str], encryption: Sequence[str]) -> list[str]:
    """Return the problems of the keys, one sentence each; empty if there are none. No key is
    quoted.

    `signing` has keys by setting name. `encryption` is the value of ENCRYPTION_KEYS: the first key
    encrypts and must be strong; the others only decrypt and may be old.
    """
    found = [f"{name} {fault}" for name, key in signing.items() if (fault := _find_problem(key))]
    found += [
        f"number {number} of ENCRYPTION_KEYS isn't a Fernet key"
        for number, key in enumerate(encryption, 1)
        if _decode(key) is None
    ]
    first = _decode(encryption[0]) if encryption else None
    if first is not None and _is_made_by_hand(first):
        found.append("number 1 of ENCRYPTION_KEYS isn't random")
    owners: dict[str, list[str]] = {}
    for name, key in [*signing.items(), *(("ENCRYPTION_KEYS", key) for key in encryption)]:
        owners.setdefault(key, []).append(name)
    return found + [f"{' and '.join(who)} are the same" for who in owners.values() if len(who) > 1]


def _find_problem(key: str) -> str | None:
    size = len(key.encode())
    if size < MIN_BYTES:
        return f"has {size} bytes; at least {MIN_BYTES} are required"
    if any(example in key.lower() for example in _EXAMPLES):
        return "contains words of an example"
    if _entropy_bits(_repeating_unit(key)) < MIN_BITS:
        return "isn't random"
    return None


def _repeating_unit(key: str) -> str:
    """Return the shortest text that the key repeats: nearly always the key itself."""
    return key[: (key + key).index(key, 1)]


def _entropy_bits(text: str) -> float:
    """Return the bits of information in the text, by its character frequencies."""
    counts = Counter(text).values()
    return sum(count * math.log2(len(text) / count) for count in counts)


def _decode(key: str) -> bytes | None:
    try:
        raw = base64.urlsafe_b64decode(key.encode())
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == FERNET_BYTES else None


def _is_made_by_hand(raw: bytes) -> bool:
    """Whether the key looks typed.

    Random bytes are readable text once in 10^13 times, and rarely repeat one byte often.
    """
    return all(32 <= byte < 127 for byte in raw) or len(set(raw)) < FERNET_BYTES // 2
