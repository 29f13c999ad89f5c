"""Every bit of a bundle of evidence, flipped."""

import pytest

from tests.bundles import bundle, files, refusal

BUNDLES = {
    "with a log": bundle(files(log=b"a line\r\n" * 20)),
    "whose log was taken": bundle({n: d for n, d in files().items() if n != "log-1.bin"}),
}


@pytest.mark.parametrize("data", BUNDLES.values(), ids=BUNDLES)
def test_one_flipped_bit_anywhere_is_found(data: bytes) -> None:
    assert refusal(data) is None
    spoiled = bytearray(data)
    missed = []
    for bit in range(8 * len(data)):
        spoiled[bit // 8] ^= 1 << bit % 8
        if refusal(bytes(spoiled)) is None:
            missed.append(bit)
        spoiled[bit // 8] ^= 1 << bit % 8
    assert missed == []
