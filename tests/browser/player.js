// A recording as GET /api/web/tasks/:id/recording has it, in asciinema's own player.

async function play(taskId, bearer) {
  const answer = await fetch(`/api/web/tasks/${taskId}/recording`, {
    headers: { Authorization: `Bearer ${bearer}` },
  });
  const place = document.getElementById("player");
  const player = AsciinemaPlayer.create({ data: await answer.text() }, place, { preload: true });
  await player.seek("100%");
  await new Promise(requestAnimationFrame); // it draws when the browser does
}

function lines() {
  return [...document.querySelectorAll(".ap-line")].map((line) => line.textContent.trimEnd());
}
