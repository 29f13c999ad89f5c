"""The entry point of gunicorn and of `flask --app wsgi …`."""

from app import memory

with memory.pause_gc_at_startup():
    import config

    # Before the server is imported: that takes a second, and an invalid setting is found at once.
    try:
        settings = config.load()
        config.check_addresses(settings)
    except config.MissingSetting as error:
        raise SystemExit(f"!! settings: {error}") from None

    from app.factory import create_app

    app = create_app(settings)
