// Keys of the house; none of them while a field has the caret.
import { allRows } from "./list.js";

const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

export function listen(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open], .connect-frame")) return;
    const act = { j: () => step(1), k: () => step(-1), u: actions.back, Escape: actions.back, c: actions.compose, "/": actions.search, r: actions.reply, a: actions.replyAll, f: actions.forward, s: actions.star, e: actions.archive, "#": actions.trash, "?": actions.help }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** Move along the list, from the focused conversation or from the open one. Enter opens it: it is a link. */
function step(by) {
  const rows = allRows();
  if (!rows.length) return;
  const here = rows.findIndex((row) => row === document.activeElement);
  const from = here >= 0 ? here : rows.findIndex((row) => row.getAttribute("aria-current"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, from + by))];
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}
