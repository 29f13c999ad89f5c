"""Descriptions of sample tasks: a few words are frequent, most are not, and one is rare."""

from collections.abc import Iterator, Sequence
from random import Random

COMMON = "refactor"  # in about half of all descriptions
RARE = "ornithopter"  # in three descriptions, however many there are

_VERB_LIST = """
fix add remove rename extract cache validate document simplify speed-up test log retry
migrate upgrade split merge replace deprecate harden translate mock profile batch stream"""
_NOUN_LIST = """
login invoice parser scheduler cache queue payment session token report export import
search index profile upload download webhook mailer template router schema migration query
pagination cursor filter form table chart dashboard audit quota limit locale currency address
order cart price discount refund tax shipment stock supplier contract calendar reminder comment
thread avatar badge banner tooltip menu sidebar theme font icon sprite bundle worker job lock
lease heartbeat metric alert trace backup restore snapshot archive mirror proxy gateway tunnel
certificate cipher password permission role group tenant region cluster node shard replica"""
_SMALL_LIST = "the for in of and when with so that after before on every only"
_VERBS, _NOUNS, _SMALL = _VERB_LIST.split(), _NOUN_LIST.split(), _SMALL_LIST.split()
_COMPOUNDS = [f"{first}{second.title()}" for first in _NOUNS for second in _NOUNS[:40]]
VOCABULARY = (COMMON, *_SMALL, *_VERBS, *_NOUNS, *_COMPOUNDS)

_BATCH = 100_000


def generate_descriptions(random: Random) -> Iterator[str]:
    """Yield endless descriptions: sentences of 6 to 24 words."""
    drawn = _draw_words(random)
    for count in _word_counts(random):
        text = " ".join([next(drawn) for _ in range(count)])
        yield f"{text[0].upper()}{text[1:]}."


def _draw_words(random: Random) -> Iterator[str]:
    # A word's frequency depends on its rank, as in any language (Zipf's law).
    weights = [1 / (rank + 2) for rank in range(len(VOCABULARY))]
    totals = _running_totals(weights)
    while True:
        yield from random.choices(VOCABULARY, cum_weights=totals, k=_BATCH)


def _word_counts(random: Random) -> Iterator[int]:
    while True:
        yield from random.choices(range(6, 25), k=_BATCH)


def _running_totals(weights: Sequence[float]) -> list[float]:
    totals, total = [], 0.0
    for weight in weights:
        total += weight
        totals.append(total)
    return totals
