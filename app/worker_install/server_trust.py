"""How a machine recognizes this server if its system doesn't trust it: by its key or
certificates.
"""

import base64
import contextlib
import hashlib
import re
import ssl
import warnings
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS
)


@dataclass(frozen=True)
class ServerTrust:
    """`pin` is the key, in the form of curl's `--pinnedpubkey`; `certificates` are the PEM
    certificates to trust, ending with a newline.
    """

    pin: str
    certificates: str


def find_server_trust(certificate: str | None, host: str) -> ServerTrust | None:
    """Return the trust for the server with this file's certificates (MUSTER_TLS_CERT) at `host`.

    None if systems trust it anyway, or if nothing is known: without a file, a proxy in front has
    the certificate. An unreadable file isn't reported, because anonymous clients call this.
    """
    if not certificate:
        return None
    try:
        found = Path(certificate).stat()
        return _load_server_trust(certificate, host, found.st_mtime_ns)
    except (OSError, ValueError):
        return None


@lru_cache(8)
def _load_server_trust(certificate: str, host: str, _changed: int) -> ServerTrust | None:
    chain = x509.load_pem_x509_certificates(Path(certificate).read_bytes())
    if _is_publicly_trusted(chain, host):
        return None
    authorities = [one for one in chain[1:] if _is_authority(one)]
    # The last one lives longest: leaf certificates are renewed every year or month.
    trusted = authorities[-1:] or chain[:1]
    pem = "".join(one.public_bytes(Encoding.PEM).decode() for one in trusted)
    return ServerTrust(_public_key_pin(chain[0]), pem)


def _public_key_pin(certificate: x509.Certificate) -> str:
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"sha256//{base64.b64encode(hashlib.sha256(key).digest()).decode()}"


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        found = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return False
    return found.value.ca


def _is_publicly_trusted(chain: list[x509.Certificate], host: str) -> bool:
    """Whether this system trusts it, and so presumably do the machines."""
    bundle = next((path for path in _bundles() if path.is_file()), None)
    if bundle is None:
        return False
    try:
        store = Store(_certificates_in(bundle))
        PolicyBuilder().store(store).build_server_verifier(_subject_name(host)).verify(
            chain[0], chain[1:]
        )
    except (VerificationError, ValueError):
        return False
    return True


def _certificates_in(bundle: Path) -> list[x509.Certificate]:
    """Systems have some malformed ones, which are skipped: ours isn't issued by those."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for pem in _PEM.findall(bundle.read_bytes()):
            with contextlib.suppress(ValueError):
                found.append(x509.load_pem_x509_certificate(pem))
    return found


def _bundles() -> list[Path]:
    """Return the files of the systems' trusted certificates, OpenSSL's own location first."""
    own = ssl.get_default_verify_paths().cafile
    return [Path(path) for path in ([own] if own else []) + list(_BUNDLES)]


def _subject_name(host: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ip_address(host.strip("[]")))
    except ValueError:
        return x509.DNSName(host)
