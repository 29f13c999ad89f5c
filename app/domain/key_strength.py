"""Whether the server's own keys are strong enough to start with.

No rule can tell what is random; these tell what certainly is not: what is short, what repeats
itself, words, examples, and the same key for two purposes.
"""

import base64
import binascii
import math
from collections import Counter
from collections.abc import Mapping, Sequence

MIN_BYTES = 32  # bytes
# Of 32 random hex digits, the poorest that is long enough, nearly all have more.
MIN_BITS = 90.0
FERNET_BYTES = 32
# In a random key a word of seven letters is there by chance once in a billion.
_EXAMPLES = (
    *("changeme", "change-me", "change_me", "replaceme", "replace-me", "replace_me"),
    *("your-secret", "your_secret", "yoursecret", "supersecret", "super-secret", "super_secret"),
    *("mysecret", "my-secret", "my_secret", "insecure", "placeholder", "example", "password"),
    *("0123456789", "1234567890", "abcdefgh", "qwertyui", "deadbeef"),
)


def find_problems(signing: Mapping[str, str], encryption: Sequence[str]) -> list[str]:
    """What is wrong with the keys, a sentence for each; empty if nothing is. No key is quoted.

    `signing` are keys by their settings' names. Of `encryption`, the value of ENCRYPTION_KEYS, the
    first writes; the others only read, and may be what they once were.
    """
    found = [f"{name} {fault}" for name, key in signing.items() if (fault := _find_problem(key))]
    found += [
        f"number {number} of ENCRYPTION_KEYS is no Fernet key"
        for number, key in enumerate(encryption, 1)
        if _decode(key) is None
    ]
    first = _decode(encryption[0]) if encryption else None
    if first is not None and _is_made_by_hand(first):
        found.append("number 1 of ENCRYPTION_KEYS is not random")
    owners: dict[str, list[str]] = {}
    for name, key in [*signing.items(), *(("ENCRYPTION_KEYS", key) for key in encryption)]:
        owners.setdefault(key, []).append(name)
    return found + [f"{' and '.join(who)} are the same" for who in owners.values() if len(who) > 1]


def _find_problem(key: str) -> str | None:
    size = len(key.encode())
    if size < MIN_BYTES:
        return f"has {size} bytes of at least {MIN_BYTES}"
    if any(example in key.lower() for example in _EXAMPLES):
        return "holds words of an example"
    if _entropy_bits(_repeating_unit(key)) < MIN_BITS:
        return "is not random"
    return None


def _repeating_unit(key: str) -> str:
    """The shortest text of which the key is a repetition: nearly always the key itself."""
    return key[: (key + key).index(key, 1)]


def _entropy_bits(text: str) -> float:
    """The information in the text, by how often each character is in it."""
    counts = Counter(text).values()
    return sum(count * math.log2(len(text) / count) for count in counts)


def _decode(key: str) -> bytes | None:
    try:
        raw = base64.urlsafe_b64decode(key.encode())
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == FERNET_BYTES else None


def _is_made_by_hand(raw: bytes) -> bool:
    """Random bytes are readable text once in 10^13 times, and hardly ever the same byte often."""
    return all(32 <= byte < 127 for byte in raw) or len(set(raw)) < FERNET_BYTES // 2
