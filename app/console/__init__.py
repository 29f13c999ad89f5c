"""Serving the web console: its built files, one HTML for all its pages, and its policy.

It uses only the public API; its source is in `console/`.
"""

from app.console.routes import install

__all__ = ["install"]
