// What the console's pages do without a reload: their live part, the theme, copying.
const live = document.getElementById("live");
const lost = document.getElementById("lost");
const TIMEOUT_MS = 15000;
let timer = 0;
let tag = null;
let failures = 0;

function say(text) {
  lost.textContent = text;
  lost.hidden = !text;
}

// How many seconds until the next look; 0: what is shown will not change.
function pause() {
  return Number(live.querySelector("[data-again]")?.dataset.again ?? live.dataset.every ?? 5);
}

function next() {
  clearTimeout(timer);
  const seconds = pause();
  if (seconds && document.visibilityState === "visible") timer = setTimeout(look, seconds * 1000 * 2 ** Math.min(failures, 4));
}

// What has changed is changed in place: focus, selection, and what a person has opened stay.
function keyOf(node) {
  return node.id || node.dataset?.connection || node.dataset?.message || "";
}

function become(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) return;
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (!old.hasAttribute("data-own")) contain(old, fresh);
}

function contain(old, fresh) {
  const known = new Map([...old.children].filter(keyOf).map((one) => [keyOf(one), one]));
  let at = old.firstChild;
  for (const one of [...fresh.childNodes]) {
    const key = keyOf(one);
    const same = key ? known.get(key) : at && !keyOf(at) && at.nodeName === one.nodeName ? at : null;
    if (!same) {
      old.insertBefore(one, at);
      continue;
    }
    if (same === at) at = at.nextSibling;
    else old.insertBefore(same, at);
    become(same, one);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function exchange(html) {
  const fresh = document.createElement("div");
  fresh.innerHTML = html;
  contain(live, fresh);
  document.dispatchEvent(new CustomEvent("console:live"));
}

async function look() {
  try {
    const headers = { "X-Console-Live": "1", ...(tag ? { "If-None-Match": tag } : {}) };
    const answer = await fetch(location.href, { headers, cache: "no-store", redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (answer.status === 401) return say("You are signed out. Load the page again to sign in.");
    if (answer.status !== 304 && !answer.ok) throw new Error(String(answer.status));
    failures = 0;
    say("");
    if (answer.status === 200) {
      tag = answer.headers.get("ETag");
      exchange(await answer.text());
    }
  } catch {
    failures += 1;
    if (failures > 1) say("No answer from Postroom just now. What you see may be old; it is asked again by itself.");
  }
  next();
}

if (live) {
  next();
  document.addEventListener("visibilitychange", () => (document.visibilityState === "visible" && pause() ? look() : clearTimeout(timer)));
}

// On a phone the menu is wider than the window: the present page's entry comes into sight.
const present = document.querySelector(".side nav [aria-current]");
if (present) present.parentElement.scrollLeft = present.offsetLeft - (present.parentElement.clientWidth - present.offsetWidth) / 2;

const THEMES = ["system", "light", "dark"];
const theme = document.getElementById("theme");
if (theme) {
  const name = () => { theme.querySelector("span").textContent = `Theme: ${document.documentElement.dataset.theme}`; };
  theme.hidden = false;
  name();
  theme.addEventListener("click", () => {
    const chosen = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length];
    document.documentElement.dataset.theme = chosen;
    document.cookie = `postroom-theme=${chosen}; path=/console; max-age=31536000; samesite=lax`;
    name();
    document.dispatchEvent(new CustomEvent("console:theme"));
  });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  const label = button.querySelector("span");
  const before = label.textContent;
  label.textContent = "Copied";
  setTimeout(() => { label.textContent = before; }, 1500);
});
