// What the dashboard does better with scripts; each page is complete without.
"use strict";

// Numbers are taken over from the same page, asked for again, while somebody looks and nothing there has the focus.
const live = document.querySelector("[data-live]");
const refresh = async () => {
  if (document.hidden || live.contains(document.activeElement)) return;
  const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-live]");
  if (fresh) live.replaceChildren(...fresh.childNodes);
};
// While the daemon is away, what was there last stands.
if (live) setInterval(() => refresh().catch(() => {}), 5000);
