// What the console's pages do without a reload: their live part, the theme, copying.
const live = document.getElementById("live");
const lost = document.getElementById("lost");
const PATIENCE_MS = 15000;
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

// What a person has opened, and where the keyboard is, outlives the exchange.
function exchange(html) {
  const open = [...live.querySelectorAll("details[open][id]")].map((one) => one.id);
  const focused = live.contains(document.activeElement) ? document.activeElement : null;
  const place = focused?.id ? `#${CSS.escape(focused.id)}` : focused?.getAttribute("href") ? `[href="${CSS.escape(focused.getAttribute("href"))}"]` : null;
  live.innerHTML = html;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (place) live.querySelector(place)?.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("console:live"));
}

async function look() {
  try {
    const headers = { "X-Console-Live": "1", ...(tag ? { "If-None-Match": tag } : {}) };
    const answer = await fetch(location.href, { headers, cache: "no-store", redirect: "error", signal: AbortSignal.timeout(PATIENCE_MS) });
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
