"""How a viewer is refused at the door of a scene's terminal."""

from tests.app.terminals.conftest import Scene
from tests.app.terminals.endpoints import Viewer


def refused(scene: Scene, bearer: str, channel_token: str, task_id: int | None = None) -> int:
    viewer = Viewer(scene.url, task_id or scene.task.id, bearer, channel_token)
    scene.opened.append(viewer)
    return viewer.code()
