// A conversation: every message of a thread, the unread and the last one open.
import { ask } from "./ask.js";
import { $, avatar, el, icon, t } from "./dom.js";
import { called, exactly, people, size, when } from "./format.js";

const SHOWN_LABELS = { SPAM: t("Spam"), TRASH: t("Trash"), STARRED: t("Starred"), IMPORTANT: t("Important") };
const LINK = /\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}]/g;

/** Messages whose remote images the reader asked for; forgotten with the page. */
const shownImages = new Set();
const unfolded = new Map();

export function drawNothing() {
  $("reader").dataset.open = "no";
  $("reader").replaceChildren(el("div", { className: "nothing" }, icon("inbox"), el("p", {}, t("Choose a conversation, or press j and k to walk through them."))));
}

/** Take away what was open: nothing of it may be acted on while another conversation loads. */
export function drawWaiting(text = t("Opening…")) {
  $("reader").dataset.open = "yes";
  $("reader").replaceChildren(el("div", { className: "nothing", "aria-live": "polite" }, el("p", {}, text)));
}

/** Show a thread; answer its messages. `actions`: back, reply, replyAll, forward, change(what). */
export async function drawThread(threadId, actions, { quietly = false } = {}) {
  const { messages } = await ask("GET", `/api/threads/${encodeURIComponent(threadId)}`);
  if (location.hash.split("/")[2] !== threadId) return null;
  const shown = messages.filter((one) => !one.draft);
  if (!quietly) unfolded.clear();
  const place = $("reader").scrollTop;
  $("reader").dataset.open = "yes";
  $("reader").replaceChildren(head(shown, actions), ...shown.map((one, index) => message(one, index === shown.length - 1)), answers(shown, actions));
  if (quietly) $("reader").scrollTop = place;
  else { $("reader").scrollTop = 0; $("reader").querySelector("h1").focus({ preventScroll: true }); }
  return shown;
}

function head(messages, actions) {
  const first = messages[0];
  const labels = new Set(messages.flatMap((one) => one.labels));
  const chips = Object.keys(SHOWN_LABELS).filter((label) => labels.has(label)).map((label) => el("span", { className: "chip" }, SHOWN_LABELS[label]));
  return el(
    "header",
    { className: "reader-head" },
    el("button", { className: "round back", type: "button", "aria-label": t("Back to the list"), onclick: actions.back }, icon("back")),
    el("h1", { tabIndex: -1, dir: "auto" }, first?.subject || t("(no subject)"), chips.length ? el("span", { className: "chips" }, chips) : null),
    ...tools(labels, actions),
  );
}

function tools(labels, actions) {
  const tool = (what, name, text, className = "") => el("button", { className: `round ${className}`, type: "button", title: text, "aria-label": text, onclick: () => actions.change(what) }, icon(name));
  if (labels.size === 0) return [];
  return [
    labels.has("STARRED") ? tool("unstar", "star", t("Remove the star"), "starred") : tool("star", "star", t("Star")),
    labels.has("INBOX") ? tool("archive", "archive", t("Archive")) : null,
    labels.has("TRASH") ? tool("restore", "inbox", t("Take out of the trash")) : tool("trash", "trash", t("Move to the trash")),
  ].filter(Boolean);
}

function message(one, last) {
  const open = unfolded.get(one.id) ?? (last || one.unread);
  const inside = el("div", { className: one.html ? "inside rich" : "inside", hidden: !open, id: `m-${one.id}` });
  const card = el("article", { className: "message", "data-id": one.id, "data-open": open ? "yes" : "no", "aria-label": t("From {who}", { who: called(one.from) }) });
  const line = el("small", { dir: "auto" });
  const button = el(
    "button",
    { type: "button", "aria-expanded": String(open), "aria-controls": inside.id },
    avatar(one.from),
    el("span", { className: "names" }, el("b", { dir: "auto" }, one.sent ? t("You") : called(one.from)), line),
    el("time", { dateTime: one.date || "", title: exactly(one.date) }, when(one.date)),
  );
  const fold = (now) => {
    inside.hidden = !now;
    card.dataset.open = now ? "yes" : "no";
    button.setAttribute("aria-expanded", String(now));
    line.textContent = now ? addressed(one) : one.snippet;
    if (now && !inside.firstChild) inside.append(...content(one));
  };
  button.addEventListener("click", () => { unfolded.set(one.id, inside.hidden); fold(inside.hidden); });
  card.append(button, inside);
  fold(open);
  return card;
}

function addressed(one) {
  const from = one.from.name ? `${one.from.email} · ` : "";
  const to = t("to {who}", { who: people(one.to) || t("nobody named") });
  return `${from}${to}${one.cc.length ? t(", copy to {who}", { who: people(one.cc) }) : ""}`;
}

function content(one) {
  const parts = [];
  if (one.emptied) parts.push(el("p", { className: "fine" }, t("The content of this message was removed from Harbor.")));
  else if (one.html) parts.push(...rich(one));
  else parts.push(plain(one.text, one.replyText));
  if (one.truncated) parts.push(el("p", { className: "fine" }, t("This message is very long; the rest is in Gmail.")));
  if (one.attachments.length) parts.push(el("div", { className: "files" }, one.attachments.map((file) => fileLink(one, file))));
  return parts;
}

/** HTML lives in a frame without scripts, in a document that may fetch nothing (see mail_body.py). */
function rich(one) {
  const frame = el("iframe", { className: one.simple ? "mail-frame simple" : "mail-frame", title: t("Message from {who}", { who: called(one.from) }), referrerPolicy: "no-referrer" });
  frame.setAttribute("sandbox", "allow-same-origin allow-popups allow-popups-to-escape-sandbox");
  const load = () => { frame.src = `/api/messages/${one.id}/body${shownImages.has(one.id) ? "?images=1" : ""}`; };
  frame.addEventListener("load", () => fit(frame));
  load();
  if (!one.remoteImages || shownImages.has(one.id)) return [frame];
  const show = el("button", { className: "text-button", type: "button" }, t("Show images"));
  const why = t("Images from outside are held back: they would tell the sender that you are reading.");
  const held = el("p", { className: "held" }, icon("image"), el("span", {}, why), show);
  show.addEventListener("click", () => { shownImages.add(one.id); held.remove(); load(); });
  return [held, frame];
}

/** As high as its content, now and when images arrive; what is too wide is made smaller. */
function fit(frame) {
  const page = frame.contentDocument?.documentElement;
  if (!page) return;
  const set = () => {
    page.style.zoom = "";
    if (page.scrollWidth > page.clientWidth + 1) page.style.zoom = String(page.clientWidth / page.scrollWidth);
    frame.style.height = `${Math.max(48, Math.ceil(page.getBoundingClientRect().height))}px`;
  };
  set();
  new ResizeObserver(set).observe(frame);
  new ResizeObserver(set).observe(frame.contentDocument.body);
}

/** Fold what stands below the sender's own words; answers between quoted lines are shown with these. */
function plain(text, replyText) {
  const own = replyText && text.startsWith(replyText) ? replyText : text;
  const made = el("div", { className: "text", dir: "auto" }, linked(own.trim() || t("(empty message)")));
  const rest = text.slice(own.length).trim();
  if (rest) {
    made.append(el("details", { className: "quote" }, el("summary", { "aria-label": t("Quoted text") }, "···"), el("div", {}, linked(rest))));
  }
  return made;
}

function linked(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(LINK)) {
    parts.push(text.slice(from, found.index), el("a", { href: found[0], target: "_blank", rel: "noopener noreferrer" }, found[0]));
    from = found.index + found[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

function fileLink(one, file) {
  const href = `/api/messages/${one.id}/parts/${encodeURIComponent(file.partId || "root")}`;
  const name = file.filename || t("Attachment");
  return el("a", { className: "file", href, download: name }, icon("clip"), el("span", {}, el("b", { dir: "auto" }, name), el("small", { dir: "auto" }, size(file.size))));
}

function answers(messages, actions) {
  const last = messages.at(-1);
  if (!last) return el("p", { className: "fine" }, t("This conversation is gone."));
  const many = last.to.length + last.cc.length > 1;
  return el(
    "div",
    { className: "answers" },
    el("button", { className: "button", type: "button", id: "reply", onclick: () => actions.reply() }, icon("reply"), t("Reply")),
    many ? el("button", { className: "button", type: "button", id: "reply-all", onclick: () => actions.replyAll() }, icon("reply-all"), t("Reply to all")) : null,
    el("button", { className: "button", type: "button", id: "forward", onclick: () => actions.forward() }, icon("forward"), t("Forward")),
  );
}
