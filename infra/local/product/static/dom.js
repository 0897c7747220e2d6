// Small ways to make elements. Text always goes in as text, never as HTML.
const SVG = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

/** What came with the page: who is connected, the newest rows, and the texts of its language. */
export const start = JSON.parse($("start").textContent);

/** Say an English text in the page's language; each {name} in it is filled from `words`. */
export const t = (text, words = {}) => (start.texts[text] ?? text).replaceAll(/\{(\w+)\}/g, (_, name) => words[name]);

/** Make an element; props are properties, "on…" listeners, or attributes where a dash says so. */
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.includes("-")) made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function icon(name, className = "") {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("aria-hidden", "true");
  if (className) svg.setAttribute("class", className);
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export function avatar(who) {
  const made = el("span", { className: "avatar", "aria-hidden": "true" }, initials(who));
  tint(made, who.email || who.name);
  return made;
}

/** The same person has the same colour everywhere. */
export function tint(element, seed) {
  let sum = 7;
  for (const letter of seed) sum = (sum * 31 + letter.codePointAt(0)) % 3600;
  element.style.setProperty("--hue", String(sum / 10));
}

function initials(who) {
  const words = (who.name || who.email || "?").replace(/[^\p{L}\p{N}\s@.]/gu, "").trim().split(/[\s@.]+/);
  const letters = words.filter(Boolean).slice(0, 2).map((word) => [...word][0]);
  return (who.name ? letters.join("") : letters[0] || "?").toUpperCase();
}

export function toast(content, { bad = false, onclick = null } = {}) {
  const made = el(onclick ? "button" : "div", { className: bad ? "toast bad" : "toast", type: "button" }, content);
  if (onclick) made.addEventListener("click", () => { made.remove(); onclick(); });
  $("toasts").append(made);
  while ($("toasts").children.length > 3) $("toasts").firstChild.remove();
  setTimeout(() => made.remove(), bad ? 9000 : 6000);
  return made;
}
