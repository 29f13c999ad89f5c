"""The entry point of gunicorn and of `flask --app wsgi …`."""

from app import memory

with memory.pause_gc_at_startup():
    import config
    from app.factory import create_app

    try:
        settings = config.load()
        config.check_addresses(settings)
        app = create_app(settings)
    except config.MissingSetting as error:
        raise SystemExit(f"!! settings: {error}") from None
