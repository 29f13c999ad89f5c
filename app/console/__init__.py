"""The web console as it is served: its built files, one HTML for all of its pages, what that page
may do. It speaks the public API alone; its source is in `console/`.
"""

from app.console.routes import install

__all__ = ["install"]
