"""The images of a stage's order: fetched from the server into files that its agent can read.

They are outside of the workspace, so they are never committed, in a directory that attempts can't
write: root's, readable by the attempt's group; for another user's daemon, at least read-only.
"""

import hashlib
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import ImageFile, RunStage
from muster.worker.attempts.context import AttemptContext
from muster.worker.server.rest_client import ServerRefused, Unreachable

_PAUSES_SECONDS = (0.5, 2.0, 5.0, 10.0)  # seconds before a download is retried
_MAX_BYTES = 16 << 20  # whatever the server says
_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


class ImagesUnavailable(Exception):
    """An image can't be fetched; the message names it."""


def fetch_images(
    context: AttemptContext,
    key: AttemptKey,
    images: Sequence[ImageFile],
    gid: int | None,
    abandoned: threading.Event,
) -> Path | None:
    """Fetch the missing images of an attempt into its directory, and return that; None without
    images. `gid` is the attempt's group, if it has its own. Raises ImagesUnavailable, OSError.
    """
    if not images:
        return None
    directory = context.layout.attempt_images(key)
    directory.mkdir(mode=0o700, exist_ok=True)
    os.chmod(directory, 0o700)
    for image in images:
        path = image_path(directory, image)
        if _digest(path) != image.digest:
            _write(path, _fetch(context, image, abandoned), gid)
    if gid is not None:
        os.chown(directory, -1, gid)
    os.chmod(directory, 0o500 if gid is None else 0o750)
    return directory


def image_path(directory: Path, image: ImageFile) -> Path:
    """Return an image's path; its name is built only from its number and type."""
    return directory / f"{image.id}.{_EXTENSIONS.get(image.media_type, 'bin')}"


def with_image_paths(order: RunStage, directory: Path) -> RunStage:
    """Return the order with a text that names its images' files at the end."""
    new = [image for image in order.images if not image.earlier]
    old = [image for image in order.images if image.earlier]
    parts = []
    for heading, images in (("Attached images", new), ("Images attached earlier", old)):
        if images:
            lines = [f"- {image_path(directory, image)} ({_describe(image)})" for image in images]
            parts.append("\n".join([f"{heading}, as files that you can open:", *lines]))
    end = "\n\n".join(["", *parts])
    fresh = order.fresh_text and order.fresh_text + end
    return replace(order, text=order.text + end, fresh_text=fresh)


def _describe(image: ImageFile) -> str:
    return f"“{image.name}”, {image.width} by {image.height} pixels"


def _digest(path: Path) -> str | None:
    with suppress(OSError):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return None


def _fetch(context: AttemptContext, image: ImageFile, abandoned: threading.Event) -> bytes:
    """Return the image's bytes. Raises ImagesUnavailable."""
    pauses = iter(_PAUSES_SECONDS)
    while True:
        try:
            data = context.fetch_file(f"/api/workers/images/{image.id}", _MAX_BYTES)
        except ServerRefused as error:
            raise ImagesUnavailable(f"image {image.id} can't be fetched: {error}") from error
        except Unreachable as error:
            if (pause := next(pauses, None)) is None or abandoned.wait(pause):
                raise ImagesUnavailable(f"image {image.id} can't be fetched: {error}") from error
        else:
            if hashlib.sha256(data).hexdigest() != image.digest:
                raise ImagesUnavailable(f"image {image.id} isn't the one that was uploaded")
            return data


def _write(path: Path, data: bytes, gid: int | None) -> None:
    fresh = path.with_name(path.name + ".new")
    with suppress(FileNotFoundError):
        fresh.unlink()
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    if gid is not None:
        os.chown(fresh, -1, gid)
    os.chmod(fresh, 0o440)
    os.replace(fresh, path)
