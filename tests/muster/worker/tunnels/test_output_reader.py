"""A tunnel command's output is parsed: addresses, and log-in requests."""

import pytest

from muster.worker.tunnels.output_reader import Address, LoginPrompt, OutputReader
from tests.muster.worker import tunnel_stand_in

OUTPUT = [
    (
        b"\nOpen this link in your browser https://vscode.dev/tunnel/a/b\n",
        ["https://vscode.dev/tunnel/a/b"],
    ),
    ("  ➜  Open:  https://vscode.dev/tunnel/a\n".encode(), ["https://vscode.dev/tunnel/a"]),
    (
        b"\x1b]8;;x\x07https://insiders.vscode.dev/tunnel/a\x1b]8;;\x07\n",
        ["https://insiders.vscode.dev/tunnel/a"],
    ),
    (b"Open this link in your browser https://vscode.dev/tunnel/half", []),
    (b"see https://aka.ms/vscode-server-license\n", []),
    (b"Open this link in your browser javascript:alert(1)\n", []),
]


@pytest.mark.parametrize(("output", "urls"), OUTPUT)
def test_addresses_are_read_in_pieces_as_in_one(output: bytes, urls: list[str]) -> None:
    for size in (1, 7, len(output)):
        reader = OutputReader()
        pieces = [output[at : at + size] for at in range(0, len(output), size)]
        assert [address for piece in pieces for address in reader.feed(piece)] == list(
            map(Address, urls)
        )


def test_a_log_in_is_read_and_a_line_without_end_costs_no_memory() -> None:
    reader = OutputReader()
    assert reader.feed(tunnel_stand_in.LOGIN.encode()) == [
        LoginPrompt("https://github.com/login/device", "C98F-F1F6")
    ]
    for _ in range(100):
        reader.feed(b"x" * 65536)
    assert len(reader._rest) <= 8 << 10
