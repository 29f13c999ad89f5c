// Signs in, makes a task and reads its events, by the types of openapi-typescript.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const [baseUrl = "", username = "", password = ""] = process.argv.slice(2);
const muster = createClient<paths>({ baseUrl });

function data<Data>(answer: { data?: Data; error?: unknown }): Data {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

const refused = await muster.POST("/api/auth/login", { body: { username, password: "wrong" } });
const pair = data(await muster.POST("/api/auth/login", { body: { username, password } }));
const headers = { Authorization: `Bearer ${pair.accessToken}` };
const task = data(
  await muster.POST("/api/web/tasks", {
    headers,
    // What has a default it takes for something that is always there, unless it is null.
    body: { projectKey: "WEB", description: "Do it.", priority: 0 },
  }),
);
const page = data(
  await muster.GET("/api/web/tasks/{taskId}/events", {
    headers,
    params: { path: { taskId: task.id } },
  }),
);
const events: string[] = page.items.map((event) => event.type);
console.log(
  JSON.stringify({ refused: refused.error?.code, by: task.createdBy.name, status: task.status, events }),
);
