"""The server. This file stays empty, so that `app.domain` can be imported without Flask."""
