// Harbor's page: what is shown, and what happens when.
import { ask } from "./ask.js";
import { compose, composing, forward, replyTo, resume } from "./composer.js";
import { connectGmail } from "./connect.js";
import { $, avatar, el, start, t, tint, toast } from "./dom.js";
import { called } from "./format.js";
import { listen } from "./keys.js";
import { drawList, drawProgress, rowOf } from "./list.js";
import { LABELS, Mail, searchName, wordsOf } from "./model.js";
import { drawNothing, drawThread, drawWaiting } from "./reader.js";

const me = document.body.dataset.person;
const mails = new Map();
let connection;
let label = "inbox";
let thread = null;
/** The conversation that is open and wholly loaded; null while it loads and where that failed. */
let shown = null;
let reloading = null;

const mailOf = (name) => {
  if (!mails.has(name)) mails.set(name, new Mail(name));
  return mails.get(name);
};
const mail = () => mailOf(label);
const failed = (problem) => toast(el("span", {}, problem.message), { bad: true });

// ---- what is connected -------------------------------------------------------------------

function setConnection(now) {
  const before = connection;
  connection = now;
  const live = now !== null && !now.needsConsent;
  for (const id of ["list", "reader", "compose", "labels"]) $(id).hidden = !live;
  if ($("sample")) $("sample").hidden = !live;
  $("welcome").hidden = live;
  if (!live) $("live").hidden = true;
  $("disconnect").hidden = now === null;
  $("link-state").textContent = now === null ? t("No mailbox connected") : now.needsConsent ? t("{email}: connect again", { email: now.email }) : now.email;
  if (!live) { welcome(now); return; }
  $("ask-email").textContent = now.email;
  if (before === undefined || before === null || before.email !== now.email || before.needsConsent) {
    mails.clear();
    if (before === undefined && start.inbox) mailOf("inbox").take(start.inbox, { newest: true });
    shown = null;
    route();
    resume(me);
  }
}

function welcome(now) {
  $("connect").hidden = false;
  const again = now !== null;
  $("welcome-title").textContent = again ? t("Connect Gmail again") : t("Bring your mail into Harbor");
  $("welcome-text").textContent = again ? $("welcome-text").dataset.again : $("welcome-text").dataset.first;
  $("connect").querySelector("span").textContent = again ? t("Connect again") : t("Connect Gmail");
  document.title = "Harbor";
}

async function connect() {
  $("connect").disabled = true;
  await connectGmail((now) => setConnection(now)).catch(failed);
  $("connect").disabled = false;
}

async function disconnect() {
  $("account").open = false;
  $("ask-disconnect").showModal();
  await new Promise((resolve) => $("ask-disconnect").addEventListener("close", resolve, { once: true }));
  if ($("ask-disconnect").returnValue !== "yes") return;
  try {
    setConnection((await ask("POST", "/api/disconnect")).connection);
    toast(t("Gmail is disconnected"));
    history.replaceState(null, "", "#/inbox");
    $("welcome-title").focus();
  } catch (problem) { failed(problem); }
}

// ---- the list and the conversation -------------------------------------------------------

function route() {
  const [, name, id] = location.hash.split("/");
  label = LABELS[name] || (name && wordsOf(name)) ? name : "inbox";
  $("words").value = wordsOf(label) ?? "";
  const changed = thread !== (id || null);
  thread = id || null;
  for (const link of document.querySelectorAll("#labels a")) {
    if (link.dataset.label === label) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  draw();
  for (const one of new Set([mail(), mailOf("inbox")])) if (!one.loaded) load(one);
  if (changed) shown = null;
  if (thread === null) drawNothing(); else if (shown === null) openThread();
}

function draw(fresh) {
  drawList(mail(), { open: thread, fresh });
  const unread = mailOf("inbox").unread;
  $("unread").hidden = !unread;
  $("unread").textContent = unread > 99 ? "99+" : String(unread);
  document.title = unread ? `(${unread}) Harbor` : "Harbor";
}

async function load(which, before = null) {
  const asked = which.words === undefined ? { label: which.label } : { q: which.words };
  const query = new URLSearchParams({ ...asked, ...(before ? { before } : {}) });
  try {
    which.take(await ask("GET", `/api/${which.words === undefined ? "messages" : "search"}?${query}`), { newest: before === null });
    draw();
  } catch (problem) { failed(problem); }
}

async function openThread({ quietly = false } = {}) {
  const id = thread;
  if (!quietly) drawWaiting();
  try {
    const messages = await drawThread(id, { back, reply, replyAll, forward: passOn, change }, { quietly });
    if (!messages || id !== thread) return;
    shown = { threadId: id, messages };
    for (const told of document.querySelectorAll(`.toast[data-thread="${CSS.escape(id)}"]`)) told.remove();
    for (const one of mails.values()) one.read(id);
    draw();
    if (messages.some((one) => one.unread)) await ask("POST", `/api/threads/${id}/change`, { change: "read" });
  } catch (problem) {
    if (id === thread && shown === null) drawWaiting(t("This conversation could not be opened."));
    failed(problem);
  }
}

/** What may be acted on: the conversation that is loaded, named in the address and highlighted. */
function whole() {
  const row = document.activeElement?.closest(".row");
  const highlighted = row ? row.dataset.thread : thread;
  const named = location.hash.split("/")[2];
  return [thread, highlighted, named].every((id) => id === shown?.threadId) ? shown : null;
}

function back() {
  if (thread === null) return;
  const from = thread;
  location.hash = `#/${label}`;
  requestAnimationFrame(() => rowOf(from)?.focus());
}

/** Star, archive, trash: done in Gmail, and seen here when it comes back as a change. */
async function change(what) {
  const id = whole()?.threadId;
  if (!id) return;
  if (what === "archive" || what === "trash" || what === "restore") {
    const next = neighbour(id);
    mail().remove(id);
    location.hash = next && window.innerWidth > 760 ? `#/${label}/${next}` : `#/${label}`;
  }
  await ask("POST", `/api/threads/${id}/change`, { change: what }).catch((problem) => { failed(problem); reload(); });
}

function neighbour(id) {
  const ids = mail().conversations().map((one) => one.threadId);
  const at = ids.indexOf(id);
  return ids[at + 1] ?? ids[at - 1];
}

const starred = () => shown?.messages.some((one) => one.labels.includes("STARRED"));

const reply = () => answer({});
const replyAll = () => answer({ all: true });

function answer(how) {
  const last = whole()?.messages.at(-1);
  if (last) replyTo(last, me, how);
}

function passOn() {
  const last = whole()?.messages.at(-1);
  if (last) forward(last);
}

function search(event) {
  event.preventDefault();
  const words = $("words").value.trim();
  location.hash = words ? `#/${searchName(words)}` : "#/inbox";
}

// ---- what the server pushes --------------------------------------------------------------

function changed({ rows, deleted }) {
  const arrived = mailOf("inbox").loaded ? mailOf("inbox").change(rows, deleted) : [];
  for (const [name, one] of mails) if (name !== "inbox" && one.loaded) one.change(rows, deleted);
  const touched = rows.some((row) => row.threadId === thread) || shown?.messages.some((one) => deleted.includes(one.id));
  if (touched && shown) openThread({ quietly: true });
  draw(new Set(rows.filter((row) => row.arrived && !rowShown(row.id)).map((row) => row.id)));
  for (const row of arrived.filter((one) => one.arrived && one.unread && one.threadId !== thread).slice(0, 2)) announce(row);
}

const rowShown = (id) => document.querySelector(`.row[data-id="${CSS.escape(id)}"]`) !== null;

function announce(row) {
  const text = el("span", { className: "says" }, el("b", {}, called(row.from)), el("span", {}, row.subject || t("(no subject)")));
  const made = toast([avatar(row.from), text], { onclick: () => { location.hash = `#/inbox/${row.threadId}`; } });
  made.dataset.thread = row.threadId;
}

/** Many changes at once: ask for the newest screens again, but not at every one of them. */
function reload() {
  reloading ??= setTimeout(() => {
    reloading = null;
    for (const one of mails.values()) if (one.loaded) load(one);
  }, 300);
}

function progressed(progress) {
  drawProgress(progress);
  $("live").hidden = !connection || progress.reading;
}

const OFFLINE = t("You are offline. What you write stays here; everything goes on once you are connected.");
let warning = null;

/** Say what is wrong, null for nothing; that the browser is offline comes before all else. */
function warn(text = warning) {
  warning = text;
  const said = navigator.onLine ? warning : OFFLINE;
  $("banner").hidden = said === null;
  $("banner").textContent = said ?? "";
}

function follow() {
  const source = new EventSource("/api/events");
  const heard = {
    connection: (event) => setConnection(event.connection),
    changes: changed,
    reload,
    progress: (event) => progressed(event.progress),
    trouble: () => warn(t("Postroom does not answer. Harbor goes on by itself once it is back.")),
    well: () => warn(null),
  };
  source.addEventListener("message", (event) => {
    const data = JSON.parse(event.data);
    heard[data.type]?.(data);
  });
  source.addEventListener("error", () => warn(t("Harbor's server went away. The page goes on by itself once it is back.")));
  source.addEventListener("open", () => { warn(null); reload(); });
}

// ---- beginning ---------------------------------------------------------------------------

for (const face of document.querySelectorAll("[data-hue]")) tint(face, face.dataset.hue);
$("connect").addEventListener("click", connect);
$("compose").addEventListener("click", () => compose());
$("disconnect").addEventListener("click", disconnect);
$("more").addEventListener("click", () => load(mail(), mail().before));
$("show-keys").addEventListener("click", () => { $("account").open = false; $("keys").showModal(); });
$("sample")?.addEventListener("click", () => ask("POST", "/api/sample-mail").catch(failed));
document.addEventListener("click", (event) => { if (!event.target.closest("#account")) $("account").open = false; });
$("search").addEventListener("submit", search);
window.addEventListener("hashchange", route);
for (const change of ["online", "offline"]) window.addEventListener(change, () => warn());
listen({
  back,
  compose: () => connection && compose(),
  reply: () => !composing() && reply(),
  replyAll: () => !composing() && replyAll(),
  forward: () => !composing() && passOn(),
  search: () => connection && $("words").focus(),
  star: () => change(starred() ? "unstar" : "star"),
  archive: () => label === "inbox" && change("archive"),
  trash: () => label !== "trash" && change("trash"),
  help: () => $("keys").showModal(),
});
if (!start.away) setConnection(start.connection);
follow();
