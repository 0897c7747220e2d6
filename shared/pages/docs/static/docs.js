// Search, copying of code, and the list of pages on a narrow screen. Without this file all is read.
"use strict";

const input = document.getElementById("q");
const found = document.getElementById("found");
const count = document.getElementById("count");
const pages = document.getElementById("pages");
const MOST = 12;
let sections;

function score(section, words) {
  const heading = section.heading.toLowerCase();
  const title = section.title.toLowerCase();
  section.lower ??= section.text.toLowerCase();
  let total = 0;
  for (const word of words) {
    const times = Math.min(section.lower.split(word).length - 1, 3);
    const own = 8 * heading.includes(word) + 4 * title.includes(word) + times;
    if (!own) return 0;
    total += own;
  }
  return total;
}

function row(section) {
  const link = document.createElement("a");
  link.href = section.address;
  link.textContent = section.heading;
  const page = document.createElement("small");
  page.textContent = section.title;
  link.append(page);
  const item = document.createElement("li");
  item.append(link);
  return item;
}

function none(words) {
  const item = document.createElement("li");
  item.className = "none";
  item.textContent = words;
  return item;
}

async function load() {
  sections ??= fetch(input.dataset.index).then((answer) => answer.json());
  return sections;
}

async function search() {
  const words = (input.value.toLowerCase().match(/[\p{L}\p{N}_/-]+/gu) ?? []).slice(0, 12);
  found.hidden = words.length === 0;
  if (found.hidden) return;
  let all;
  try {
    all = await load();
  } catch {
    sections = undefined;
    found.replaceChildren(none("The search could not be loaded."));
    return;
  }
  const ranked = all.map((one) => [score(one, words), one]).filter(([points]) => points > 0);
  ranked.sort((one, other) => other[0] - one[0]);
  const rows = ranked.slice(0, MOST).map(([, one]) => row(one));
  found.replaceChildren(...(rows.length ? rows : [none("Nothing found.")]));
  count.textContent = `${ranked.length} found`;
}

function move(event) {
  if (event.key === "Escape") {
    found.hidden = true;
    input.focus();
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const links = [input, ...found.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  links[at]?.focus();
  event.preventDefault();
}

function copyable(block) {
  const button = document.createElement("button");
  button.className = "copy";
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.querySelector("code").textContent);
    button.textContent = "Copied";
  });
  block.append(button);
}

input.closest("search").hidden = false;
input.addEventListener("focus", load, { once: true });
input.addEventListener("input", search);
input.closest("search").addEventListener("keydown", move);
document.addEventListener("click", (event) => {
  if (!event.target.closest("search")) found.hidden = true;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea")) return;
  input.focus();
  event.preventDefault();
});
const narrow = matchMedia("(max-width: 780px)");
const fold = () => { pages.open = !narrow.matches; };
narrow.addEventListener("change", fold);
fold();
if (!narrow.matches) pages.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
if (navigator.clipboard) document.querySelectorAll(".code").forEach(copyable);
