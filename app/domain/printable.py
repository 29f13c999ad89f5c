"""Words from outside, as people are shown them."""


def printable(words: str) -> str:
    """The same without characters that would make them look like something else."""
    return "".join(char if char.isprintable() else "�" for char in words)
