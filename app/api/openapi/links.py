"""OpenAPI links: which operations take what an operation has answered."""

from typing import Any, NamedTuple


class Next(NamedTuple):
    """A link to operations whose `parameter` is found in the answer's body at `pointer`.

    `path` names the parameters that they take over from the path of the first operation.
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
    *("listMembers", "putMember", "removeMember"),
)
_ADMINS_PROJECT = (
    *("adminUpdateProject", "adminDeleteProject"),
    *("adminListMembers", "adminPutMember", "adminRemoveMember"),
)
_MACHINE = ("listMachineTasks", "drainMachine", "undrainMachine")
_BOT = ("createBinding", "listBindings", "updateBot", "deleteBot")
_ADMINS_MACHINE = ("adminUpdateMachine", "adminDecommissionMachine")

NEXT: dict[str, tuple[Next, ...]] = {
    "createTask": (Next("taskId", "/id", _TASK),),
    "cancelTask": (Next("taskId", "/id", ("retryTask", "listEvents")),),
    "retryTask": (Next("taskId", "/id", ("getTask", "cancelTask")),),
    "getPendingGate": (Next("taskId", "/taskId", ("confirmStage",)),),
    "startTunnel": (Next("taskId", "/taskId", ("getTunnel", "stopTunnel")),),
    "adminCreateProject": (Next("key", "/key", _PROJECT + _ADMINS_PROJECT),),
    "getMachine": (Next("machineId", "/id", _MACHINE),),
    "registerMachine": (Next("machineId", "/machine/id", _MACHINE + _ADMINS_MACHINE),),
    "createDeveloper": (Next("developerId", "/id", ("updateDeveloper", "resetTotp")),),
    "createPersonalToken": (Next("tokenId", "/id", ("revokePersonalToken",)),),
    "createWorkerToken": (Next("tokenId", "/id", ("getWorkerTokenStatus", "revokeWorkerToken")),),
    "createBot": (Next("botId", "/id", _BOT),),
    "createBinding": (Next("bindingId", "/id", ("removeBinding",), path=("botId",)),),
    "listNotifications": (Next("notificationId", "/items/0/id", ("readNotification",)),),
    "listRecentTasks": (Next("taskId", "/items/0/id", ("getTask",)),),
    "listRecentActivity": (Next("taskId", "/items/0/taskId", ("getTask", "listEvents")),),
    "find": (
        Next("taskId", "/tasks/0/id", ("getTask",)),
        Next("machineId", "/machines/0/id", ("getMachine",)),
        Next("key", "/projects/0/key", ("getProject",)),
    ),
}


def add(document: dict[str, Any]) -> None:
    """Add the links to the document, and to every cursor list a link to its next page."""
    for operation in _operations(document):
        answer = _first_success(operation)
        found = [
            (_name(target), target, _parameters(following))
            for following in NEXT.get(operation["operationId"], ())
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


def _parameters(following: Next) -> dict[str, str]:
    kept = {name: f"$request.path.{name}" for name in following.path}
    return {**kept, following.parameter: f"$response.body#{following.pointer}"}


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        said
        for item in document["paths"].values()
        for method, said in item.items()
        if method != "parameters"
    ]


def _first_success(operation: dict[str, Any]) -> dict[str, Any]:
    status = next(status for status in operation["responses"] if status[0] in "23")
    answer: dict[str, Any] = operation["responses"][status]
    return answer


def _name(operation_id: str) -> str:
    return operation_id[0].upper() + operation_id[1:]
