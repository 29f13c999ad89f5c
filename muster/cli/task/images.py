"""Images for new tasks and follow-ups: files that are uploaded first."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from muster.cli.client import Api, decode_body
from muster.cli.errors import ApiError, CliError

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def image_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option --image, whose files are the parameter `images`."""
    option = click.option(
        "--image",
        "images",
        metavar="FILE",
        multiple=True,
        type=_FILE,
        help="Attach a PNG, JPEG or WebP image of up to 5 MiB (repeatable, up to 10).",
    )
    return option(command)


def upload_images(api: Api, project_key: str, images: Sequence[Path]) -> list[int]:
    """Upload the files for a task of the project; return their IDs. Raises CliError, which names
    the file.
    """
    return [_upload(api, project_key, path) for path in images]


def _upload(api: Api, project_key: str, path: Path) -> int:
    from muster.cli.context import quote_segment

    try:
        data = path.read_bytes()
    except OSError as error:
        raise CliError(f"Can't read {path}: {error.strerror}") from error
    try:
        answer = api.send(
            "POST",
            f"/api/web/projects/{quote_segment(project_key)}/images",
            query={"name": path.name},
            content=data,
            headers={"Content-Type": "application/octet-stream"},
        )
    except ApiError as refused:
        raise CliError(f"Can't attach {path}: {refused}", status=refused.status) from refused
    return int(decode_body(answer)["id"])
