// Keeps an open page fresh: fetches it again when the desk says so and swaps what changed.
// Never touches words somebody is typing. Without this script the page has a refresh link.
"use strict";
const live = document.getElementById("live");
const CALM_MS = 30000;
let source = null;
let running = false;
let again = false;

const address = new URL(location.href);
if (address.searchParams.has("done")) {
  address.searchParams.delete("done"); // so that a reload does not thank twice
  history.replaceState(null, "", address);
}

function say(words) {
  if (live.textContent !== words) live.textContent = words;
}

function busy(part) {
  const boxes = [...part.querySelectorAll("textarea, select, input:not([type=hidden])")];
  const typed = boxes.some((box) => box.value.trim() !== "");
  const focus = document.activeElement;
  const held = part.contains(focus) && focus.matches("textarea, input, select, button, summary");
  return typed || held || part.matches(":active");
}

// What differs in every rendering and means nothing to the reader.
function content(part) {
  return part.innerHTML.replace(/ name="nonce" value="[^"]*"| open=""| data-htmx-powered="[^"]*"/g, "");
}

function swapBubbles(old, fresh) {
  const known = new Map([...old.children].map((item) => [item.id, item]));
  const shown = [...fresh.children].map((item) => {
    const same = known.get(item.id);
    return same && same.textContent === item.textContent ? same : document.adoptNode(item);
  });
  for (const item of [...old.children]) if (!shown.includes(item)) item.remove();
  shown.forEach((item, place) => {
    if (old.children[place] !== item) old.insertBefore(item, old.children[place] ?? null);
  });
}

function swap(fresh) {
  document.title = fresh.title;
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next || content(next) === content(part)) continue;
    if (part.id === "transcript") {
      swapBubbles(part, next);
    } else if (!busy(part)) {
      const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
      const opened = [...part.querySelectorAll("details[open][id]")].map((each) => each.id);
      part.replaceChildren(...[...next.childNodes].map((node) => document.adoptNode(node)));
      for (const each of part.querySelectorAll("details[id]")) each.open ||= opened.includes(each.id);
      window.htmx?.process(part);
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    }
  }
}

async function refresh() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  try {
    const answer = await fetch(location.href, { redirect: "manual", headers: { "X-Live": "1" } });
    if (answer.type === "opaqueredirect") {
      signedOut();
    } else if (answer.ok) {
      swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
      say("自动更新");
    } else {
      say("更新不了，请手动刷新");
    }
  } catch {
    say("连不上服务器，恢复后会自动更新");
  }
  running = false;
  if (again) {
    again = false;
    setTimeout(refresh, 300);
  }
}

function signedOut() {
  close();
  clearInterval(timer);
  say("登录已过期，请先复制写好的内容，再重新登录");
}

function close() {
  source?.close();
  source = null;
}

// Browsers allow few connections to one server: only pages in view keep one open, hidden pages
// look again now and then so that their title stays true.
function listen() {
  if (document.hidden) {
    close();
    return;
  }
  if (source) return;
  source = new EventSource("/staff/events");
  source.addEventListener("changed", refresh);
  source.addEventListener("signed-out", signedOut);
  source.addEventListener("open", refresh);
}

const timer = setInterval(() => {
  if (source?.readyState === EventSource.CLOSED) close();
  listen();
  refresh();
}, CALM_MS);
document.addEventListener("visibilitychange", listen);
addEventListener("pagehide", close);
addEventListener("pageshow", listen);
listen();

// An answer of the FAQ goes into the reply beside what is typed already, not instead of it.
document.addEventListener("click", (click) => {
  const link = click.target.closest?.("a[data-text]");
  const reply = document.getElementById("reply");
  if (!link || !reply) return;
  click.preventDefault();
  const gap = reply.value.trim() ? "\n" : "";
  reply.setRangeText(gap + link.dataset.text, reply.value.length, reply.value.length, "end");
  reply.focus();
});

// What htmx sends may be refused: then nothing is swapped, what was typed stays, and it is said.
function refused(form, words) {
  let box = form.querySelector(".alert");
  if (!box) {
    box = document.createElement("p");
    box.className = "alert";
    box.setAttribute("role", "alert");
    form.append(box);
  }
  box.textContent = words;
}

document.addEventListener("htmx:before:response", (event) => {
  const { sourceElement, response } = event.detail.ctx;
  const out = response.status === 401 || response.raw.url.endsWith("/staff/sign-in");
  if (response.status < 400 && !out) {
    sourceElement.querySelector(".alert")?.remove();
    if (sourceElement.matches("[data-clears]")) sourceElement.reset();
    return;
  }
  event.preventDefault();
  refused(
    sourceElement,
    out
      ? "登录已过期，没有执行。请先复制写好的内容，再重新登录。"
      : "没有执行，请刷新页面再试；写好的内容请先复制。",
  );
});
document.addEventListener("htmx:error", (event) => {
  refused(event.detail.ctx.sourceElement, "连不上服务器，没有执行。请稍后再试。");
});
