"""OpenAPI links: which operations accept values of an operation's response."""

from typing import Any, NamedTuple


class Link(NamedTuple):
    """A link to operations whose `parameter` is in the response's body at `pointer`.

    `path` names the parameters that they take from the first operation's path.
    """

    parameter: str
    pointer: str
    operations: tuple[str, ...]
    path: tuple[str, ...] = ()


_TASK = (
    *("getTask", "cancelTask", "retryTask", "confirmStage", "getPendingGate"),
    *("listEvents", "listLogLines", "getRawLog", "getRecording", "getWorkspace"),
    *("startTunnel", "stopTunnel", "getTunnel"),
)
_PROJECT = (
    *("getProject", "updateProject", "allowHost"),
    *("listMembers", "setMember", "removeMember"),
)
_ADMIN_PROJECT = (
    *("adminUpdateProject", "adminDeleteProject"),
    *("adminListMembers", "adminSetMember", "adminRemoveMember"),
)
_MACHINE = ("listMachineTasks", "drainMachine", "undrainMachine")
_BOT = ("createBinding", "listBindings", "updateBot", "deleteBot")
_ADMIN_MACHINE = ("adminUpdateMachine", "adminDecommissionMachine")

LINKS: dict[str, tuple[Link, ...]] = {
    "createTask": (Link("taskId", "/id", _TASK),),
    "cancelTask": (Link("taskId", "/id", ("retryTask", "listEvents")),),
    "retryTask": (Link("taskId", "/id", ("getTask", "cancelTask")),),
    "getPendingGate": (Link("taskId", "/taskId", ("confirmStage",)),),
    "startTunnel": (Link("taskId", "/taskId", ("getTunnel", "stopTunnel")),),
    "adminCreateProject": (Link("key", "/key", _PROJECT + _ADMIN_PROJECT),),
    "getMachine": (Link("machineId", "/id", _MACHINE),),
    "registerMachine": (Link("machineId", "/machine/id", _MACHINE + _ADMIN_MACHINE),),
    "createDeveloper": (Link("developerId", "/id", ("updateDeveloper", "resetTotp")),),
    "createPersonalToken": (Link("tokenId", "/id", ("revokePersonalToken",)),),
    "createWorkerToken": (Link("tokenId", "/id", ("getWorkerTokenStatus", "revokeWorkerToken")),),
    "createBot": (Link("botId", "/id", _BOT),),
    "createBinding": (Link("bindingId", "/id", ("deleteBinding",), path=("botId",)),),
    "listNotifications": (Link("notificationId", "/items/0/id", ("markNotificationRead",)),),
    "listRecentTasks": (Link("taskId", "/items/0/id", ("getTask",)),),
    "listRecentActivity": (Link("taskId", "/items/0/taskId", ("getTask", "listEvents")),),
    "searchAll": (
        Link("taskId", "/tasks/0/id", ("getTask",)),
        Link("machineId", "/machines/0/id", ("getMachine",)),
        Link("key", "/projects/0/key", ("getProject",)),
    ),
}


def add_links(document: dict[str, Any]) -> None:
    """Add the links to the document, and to every cursor list a link to its next page."""
    for operation in _operations(document):
        answer = _first_success(operation)
        found = [
            (_name(target), target, _parameters(following))
            for following in LINKS.get(operation["operationId"], ())
            for target in following.operations
        ]
        if any(parameter["name"] == "cursor" for parameter in operation.get("parameters", ())):
            cursor = {"cursor": "$response.body#/nextCursor"}
            found.append(("NextPage", operation["operationId"], cursor))
        if found:
            answer["links"] = {
                name: {"operationId": target, "parameters": parameters}
                for name, target, parameters in found
            }


def _parameters(following: Link) -> dict[str, str]:
    kept = {name: f"$request.path.{name}" for name in following.path}
    return {**kept, following.parameter: f"$response.body#{following.pointer}"}


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        operation
        for item in document["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    ]


def _first_success(operation: dict[str, Any]) -> dict[str, Any]:
    status = next(status for status in operation["responses"] if status[0] in "23")
    answer: dict[str, Any] = operation["responses"][status]
    return answer


def _name(operation_id: str) -> str:
    return operation_id[0].upper() + operation_id[1:]
