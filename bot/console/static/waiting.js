// A page that waits for something looks again until it is there; without this, 刷新 does.
"use strict";

const EVERY_MS = 2000;

async function lookAgain() {
  const waiting = document.querySelector("[data-waiting]");
  if (!waiting) return;
  try {
    const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
    if (answer.ok && !answer.redirected) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(waiting.id);
      if (fresh && !fresh.hasAttribute("data-waiting")) {
        const inside = waiting.contains(document.activeElement);
        waiting.replaceWith(fresh);
        if (inside) { // who waited there with the keyboard goes on from there
          fresh.tabIndex = -1;
          fresh.focus();
        }
        return;
      }
    }
  } catch {
    // Offline for a moment: the next look may do.
  }
  setTimeout(lookAgain, EVERY_MS);
}

setTimeout(lookAgain, EVERY_MS);
