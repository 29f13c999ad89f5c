"""What a page of the console may load and run, as its Content-Security-Policy says it."""

REPORTS_PATH = "/csp-reports"

_STATIC_DIRECTIVES = {
    "default-src": "'none'",
    "connect-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self' data: blob:",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    # Attributes are set by scripts alone: a page without foreign HTML has no others.
    "style-src-attr": "'unsafe-inline'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    # Newer browsers' `report-to` says nothing for a minute; this one all of them know.
    "report-uri": REPORTS_PATH,
}


def content_security_policy(nonce: str, *, plays: bool) -> str:
    """The policy of one answer. `nonce` is its own; a page that `plays` recordings runs the
    player's WebAssembly, and no other page runs any.
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
