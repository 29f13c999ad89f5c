// Signs in, makes a task and reads its events, by the functions of @hey-api/openapi-ts.
import { client } from "./muster/client.gen.js";
import { createTask, listEvents, login } from "./muster/index.js";

const [baseUrl = "", username = "", password = ""] = process.argv.slice(2);
let token = "";
client.setConfig({ baseUrl, auth: () => token });

const refused = await login({ body: { username, password: "wrong" } });
const pair = await login({ body: { username, password }, throwOnError: true });
token = pair.data.accessToken;
const task = await createTask({
  body: { projectKey: "WEB", description: "Do it." },
  throwOnError: true,
});
const page = await listEvents({ path: { taskId: task.data.id }, throwOnError: true });
const events: string[] = page.data.items.map((event) => event.type);
const code = refused.error && "code" in refused.error ? refused.error.code : undefined;
console.log(
  JSON.stringify({ refused: code, by: task.data.createdBy.name, status: task.data.status, events }),
);
