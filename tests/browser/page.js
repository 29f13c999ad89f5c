// A viewer as a console's page would be one: xterm.js on WS /ws/pty/:taskId.

const MAX_BYTES = 64 * 1024;
const terminal = new Terminal({ cols: 80, rows: 24, allowProposedApi: true });
terminal.open(document.getElementById("terminal"));
terminal.focus();

// What tests look at. `split` counts characters whose bytes came in more than one frame.
const seen = { ready: null, screens: 0, frames: 0, split: 0, closed: null };
let socket = null;

const say = (frame) => socket.send(JSON.stringify(frame));

async function look(taskId, bearer, mode) {
  const answer = await fetch(`/api/web/tasks/${taskId}/pty-token`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${bearer}` },
    body: JSON.stringify({ mode }),
  });
  const { channelToken } = await answer.json();
  socket = new WebSocket(`ws://${location.host}/ws/pty/${taskId}`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => say({ type: "auth", token: bearer, channelToken });
  socket.onmessage = ({ data }) => (typeof data === "string" ? hear(JSON.parse(data)) : show(data));
  socket.onclose = ({ code }) => { seen.closed = code; };
}

function hear(frame) {
  if (frame.type === "ready") seen.ready = frame;
  if (frame.type === "ping") say({ type: "pong" });
  if (frame.type === "resize") terminal.resize(frame.cols, frame.rows);
  if (frame.type === "screen") {
    seen.screens += 1;
    terminal.reset();
    terminal.resize(frame.cols, frame.rows);
    terminal.write(frame.data);
  }
}

function show(data) {
  const bytes = new Uint8Array(data);
  seen.frames += 1;
  if ((bytes[0] & 0xc0) === 0x80) seen.split += 1;
  terminal.write(bytes);
}

terminal.onData((text) => {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += MAX_BYTES) {
    socket.send(bytes.subarray(at, at + MAX_BYTES));
  }
});

function resize(cols, rows) {
  say({ type: "resize", cols, rows });
}

function paste(text) {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  terminal.textarea.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
}

function lines() {
  const { active } = terminal.buffer;
  return Array.from({ length: terminal.rows }, (_, row) =>
    active.getLine(active.baseY + row).translateToString().trimEnd());
}

// What can be seen of each: of a blank neither its colour nor its weight.
function cells() {
  const { active } = terminal.buffer;
  return Array.from({ length: terminal.rows }, (_, row) => {
    const line = active.getLine(active.baseY + row);
    return Array.from({ length: terminal.cols }, (_, column) => appearance(line.getCell(column)));
  });

  function appearance(cell) {
    const shown = cell.getChars() || " ";
    const [underlined, inverse] = [cell.isUnderline(), cell.isInverse()].map(Boolean);
    const ground = [cell.getBgColorMode(), cell.getBgColor(), underlined, inverse];
    const isBlank = shown === " " && !underlined && !inverse;
    const ink = [cell.getFgColorMode(), cell.getFgColor(), Boolean(cell.isBold())];
    return isBlank ? [shown, ...ground] : [shown, ...ground, ...ink];
  }
}
