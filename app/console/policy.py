"""The Content-Security-Policy of the console's pages."""

REPORTS_PATH = "/csp-reports"

_STATIC_DIRECTIVES = {
    "default-src": "'none'",
    "connect-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self' data: blob:",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    # Only scripts set style attributes: a page without foreign HTML has no others.
    "style-src-attr": "'unsafe-inline'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    # Newer browsers delay `report-to` by a minute; all browsers support this one.
    "report-uri": REPORTS_PATH,
}


def content_security_policy(nonce: str, *, plays: bool) -> str:
    """Return the policy of one response.

    `nonce` is unique to it. Only a page that `plays` recordings can run WebAssembly, for the
    player.
    """
    scripts = f"'nonce-{nonce}'" + (" 'wasm-unsafe-eval'" if plays else "")
    styles = f"'self' 'nonce-{nonce}'"
    rules = {
        **_STATIC_DIRECTIVES,
        "script-src": scripts,
        "style-src": styles,
        "style-src-elem": styles,
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())
