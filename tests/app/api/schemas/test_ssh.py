"""Which private keys and known hosts are taken: those that ssh itself can use."""

import subprocess
from pathlib import Path

import pytest
from marshmallow import ValidationError

from app.api.schemas.ssh import TextLines, check_known_hosts, check_private_key

ED25519 = ("-t", "ed25519")
ECDSA = ("-t", "ecdsa")
RSA = ("-t", "rsa", "-b", "2048")
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIPmMz8cNkm4YzWV0sVzxSYBl7oH4Vv1gUqZkq1b1PZ0q"


def made(path: Path, *options: str, passphrase: str = "") -> str:
    command = ["ssh-keygen", "-q", "-C", "", "-N", passphrase, "-f", str(path), *options]
    subprocess.run(command, check=True)
    return path.read_text()


def as_loaded(text: str) -> str:
    loaded: str = TextLines().deserialize(text)
    return loaded


@pytest.mark.needs("ssh")
@pytest.mark.parametrize(
    "options",
    [
        ED25519,
        RSA,
        ECDSA,
        (*RSA, "-m", "PEM"),
        (*ECDSA, "-m", "PEM"),
        (*RSA, "-m", "PKCS8"),
    ],
)
@pytest.mark.parametrize("pasted", ["{}", "\n{}\n\n", "without its last line feed", "with CRLF"])
def test_a_key_without_passphrase_is_taken_and_ssh_can_read_it(
    tmp_path: Path, options: tuple[str, ...], pasted: str
) -> None:
    text = made(tmp_path / "key", *options)
    given = {
        "without its last line feed": text.rstrip(),
        "with CRLF": text.replace("\n", "\r\n"),
    }.get(pasted, pasted.replace("{}", text))
    check_private_key(as_loaded(given))
    (tmp_path / "key").write_text(as_loaded(given))
    subprocess.run(["ssh-keygen", "-y", "-f", tmp_path / "key"], check=True, capture_output=True)


@pytest.mark.needs("ssh")
@pytest.mark.parametrize("options", [ED25519, (*RSA, "-m", "PEM"), (*RSA, "-m", "PKCS8")])
def test_a_key_with_a_passphrase_is_refused(tmp_path: Path, options: tuple[str, ...]) -> None:
    text = made(tmp_path / "key", *options, passphrase="hush hush")
    with pytest.raises(ValidationError, match="passphrase"):
        check_private_key(as_loaded(text))


@pytest.mark.needs("ssh")
@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: key[: len(key) // 2],
        lambda key: key.replace("OPENSSH ", ""),
        lambda key: f"# my key\n{key}",
        lambda key: key + key,
        lambda key: key.replace("b3BlbnNzaC1rZXktdjE", "b3BlbnNzaC1rZXktdjI"),
        lambda _: "ssh-ed25519 " + KEY,
        lambda _: "hush",
        lambda _: "-----BEGIN OPENSSH PRIVATE KEY-----\né\n-----END OPENSSH PRIVATE KEY-----\n",
    ],
    ids=["half", "another's head", "words before", "two", "version 2", "public", "word", "bytes"],
)
def test_what_is_no_key_is_refused(tmp_path: Path, spoil: object) -> None:
    text = made(tmp_path / "key", *ED25519)
    with pytest.raises(ValidationError, match="must be an Ed25519, ECDSA or RSA key") as refused:
        check_private_key(as_loaded(spoil(text)))  # type: ignore[operator]
    assert text.splitlines()[1] not in str(refused.value)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# a comment",
        f"git.example ssh-ed25519 {KEY}",
        f"[git.example]:2222,10.0.0.1 ssh-ed25519 {KEY} a comment",
        f"|1|JfKTdBh7rNbXkVAQCRp4OQoPfmI=|USECr3SWf1JUPsms5AqfD5QfxkM= ssh-ed25519 {KEY}",
        f"@cert-authority *.example ssh-ed25519 {KEY}",
        f"*.example,!evil.example\tssh-ed25519\t{KEY}",
    ],
)
def test_lines_of_known_hosts_are_taken(line: str) -> None:
    check_known_hosts(as_loaded(f"{line}\r\ngit.example ssh-ed25519 {KEY}"))


@pytest.mark.parametrize(
    "line",
    [
        "git.example",
        "git.example ssh-ed25519",
        "git.example ssh-ed25519 AAAA",
        f"git.example ssh-rsa {KEY}",
        f"git.example {KEY}",
        f"@trusted git.example ssh-ed25519 {KEY}",
        "git.example ssh-ed25519 not+base64=64",
        f"git.example ssh-ed25519 {KEY} \x1b[2J",
    ],
)
def test_what_is_no_line_of_known_hosts_is_refused_by_its_number(line: str) -> None:
    with pytest.raises(ValidationError, match="line 2 must contain"):
        check_known_hosts(as_loaded(f"git.example ssh-ed25519 {KEY}\n{line}\n# the end"))
