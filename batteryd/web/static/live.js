// Replaces the page's content every two seconds. When the daemon does not answer, the page says so:
// an old picture must never pass for the present.
"use strict";

const PERIOD_MS = 2000;
const live = document.getElementById("live");

async function refresh() {
  try {
    const answer = await fetch(live.dataset.source, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    live.innerHTML = await answer.text();
    document.body.classList.remove("lost");
  } catch {
    document.body.classList.add("lost");
  }
  setTimeout(refresh, PERIOD_MS);
}

setTimeout(refresh, PERIOD_MS);
