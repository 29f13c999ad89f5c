"""Signs in, makes a task and reads its events, by a client of openapi-generator for Python.

Run by the Python of `.venv`, with the client beside it: nothing else of the repository is there.
"""

import json
import sys

import muster_client
from muster_client.rest import ApiException

url, username, password = sys.argv[1:]
configuration = muster_client.Configuration(host=url)
with muster_client.ApiClient(configuration) as client:
    auth, tasks = muster_client.AuthApi(client), muster_client.TasksApi(client)
    refused = None
    try:
        auth.login(muster_client.Login(username=username, password="wrong"))
    except ApiException as error:
        refused = json.loads(error.body)["code"]
    pair = auth.login(muster_client.Login(username=username, password=password))
    configuration.access_token = pair.access_token
    task = tasks.create_task(muster_client.NewTask(project_key="WEB", description="Do it."))
    events = [str(event.type) for event in tasks.list_events(task.id).items]
    outcome = {"refused": refused, "by": task.created_by.name, "status": str(task.status)}
    json.dump({**outcome, "events": events}, sys.stdout)
