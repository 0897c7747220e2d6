// Writing and sending. The idempotency key is made when the composer opens and lives as long as
// the message does: whatever goes wrong on the way, asking again with it cannot send twice.
import { ask } from "./ask.js";
import { $, el, icon, t, toast } from "./dom.js";
import { answered, called, exactly, forwarded, size, written } from "./format.js";

const AGAIN_MS = 1500;
const TRIES = 20;
const MOST_BYTES = 20_000_000;
const KEPT = "harbor-draft";

let open = null;

export const composing = () => open !== null;

export function compose(draft = {}) {
  if (open) { toast(t("Finish or close the message you are writing first.")); return; }
  open = new Composer({ key: crypto.randomUUID(), to: "", cc: "", bcc: "", subject: "", body: "", ...draft });
}

/** A draft that a reload interrupted comes back, with its key. */
export function resume(person) {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
  if (kept && kept.person === person) compose(kept);
}

export function replyTo(message, me, { all = false } = {}) {
  const mine = (who) => who.email.toLowerCase() === me;
  const asked = message.replyTo.filter((who) => who.email);
  const back = message.sent ? message.to : asked.length ? asked : [message.from];
  const others = all ? [...message.to, ...message.cc].filter((who) => !mine(who) && !back.some((one) => one.email === who.email)) : [];
  const quoted = (message.text || message.snippet).trim().split("\n").map((line) => `> ${line}`).join("\n");
  compose({
    to: back.filter((who) => who.email).map(written).join(", "),
    cc: others.filter((who) => who.email).map(written).join(", "),
    subject: answered(message.subject),
    body: `\n\n${t("On {date}, {who} wrote:", { date: exactly(message.date), who: called(message.from) })}\n${quoted}\n`,
    replyTo: message.id,
  });
}

/** Pass a message on: Postroom quotes it and takes its files along. */
export function forward(message) {
  compose({ subject: forwarded(message.subject), forward: message.id, passed: `${message.from.name || message.from.email}: ${message.subject}` });
}

class Composer {
  constructor(draft) {
    this.draft = draft;
    this.files = [];
    this.state = "writing";
    this.element = this.build();
    $("composer-place").append(this.element);
    const first = this.element.querySelector(draft.to ? "textarea" : "[name=to]");
    first.focus();
    if (draft.to) { first.setSelectionRange(0, 0); first.scrollTop = 0; }
  }

  build() {
    const { draft } = this;
    this.status = el("p", { className: "state", "aria-live": "polite" });
    this.button = el("button", { className: "button primary", type: "submit" }, icon("sent"), el("span", {}, t("Send")));
    this.picked = el("ul", { className: "picked", "aria-label": t("Attached files") });
    const pick = el("input", { type: "file", multiple: true, "aria-label": t("Attach files"), onchange: () => this.attach(pick) });
    this.form = el(
      "form",
      { noValidate: true, onsubmit: (event) => { event.preventDefault(); this.send(); }, oninput: () => this.keep() },
      field("to", t("To"), draft.to, { inputMode: "email", autocomplete: "off" }),
      field("cc", t("Cc"), draft.cc, { inputMode: "email", autocomplete: "off" }),
      field("bcc", t("Bcc"), draft.bcc, { inputMode: "email", autocomplete: "off" }),
      field("subject", t("Subject"), draft.subject, { maxLength: 990 }),
      el("textarea", { name: "body", value: draft.body, "aria-label": t("Message"), dir: "auto", placeholder: t("Write something kind.") }),
      draft.forward ? el("p", { className: "passed" }, t("Below your words goes, with its files:"), " ", el("bdi", {}, draft.passed)) : null,
      this.picked,
      el("footer", {}, this.button, this.status, el("span", { className: "round pick", title: t("Attach files") }, icon("clip"), pick)),
    );
    return el(
      "section",
      { className: "composer", role: "dialog", "aria-labelledby": "composer-title", onkeydown: (event) => this.key(event) },
      el("div", { className: "composer-head" }, el("h2", { id: "composer-title" }, draft.replyTo || draft.forward ? draft.subject : t("New message")), el("button", { className: "round", type: "button", "aria-label": t("Close and throw away"), onclick: () => this.leave() }, icon("close"))),
      this.form,
    );
  }

  key(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.send(); }
    if (event.key === "Escape") this.leave();
  }

  value(name) {
    return this.form.elements[name].value;
  }

  keep() {
    if (this.state === "failed") this.say("writing", "");
    const kept = { ...this.draft, person: document.body.dataset.person };
    for (const name of ["to", "cc", "bcc", "subject", "body"]) kept[name] = this.value(name);
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  }

  leave() {
    const begun = this.value("body") !== this.draft.body || this.files.length > 0;
    if (this.state === "sending") { toast(t("Still sending. Please wait for the answer.")); return; }
    if (begun && this.state !== "submitted" && this.state !== "unknown" && !confirm(t("Throw this message away?"))) return;
    this.close();
  }

  close() {
    sessionStorage.removeItem(KEPT);
    this.element.remove();
    open = null;
  }

  async attach(pick) {
    for (const file of pick.files) {
      const total = this.files.reduce((sum, one) => sum + one.size, file.size);
      if (total > MOST_BYTES) { toast(t("{name} is too large: files may have {most} together.", { name: file.name, most: size(MOST_BYTES) }), { bad: true }); continue; }
      this.files.push({ name: file.name, type: file.type, size: file.size, content: await base64(file) });
    }
    pick.value = "";
    this.drawFiles();
  }

  drawFiles() {
    const remove = (file) => { this.files = this.files.filter((one) => one !== file); this.drawFiles(); };
    this.picked.replaceChildren(...this.files.map((file) => el("li", {}, `${file.name} (${size(file.size)})`, el("button", { className: "round", type: "button", "aria-label": t("Remove {name}", { name: file.name }), onclick: () => remove(file) }, icon("close")))));
  }

  message() {
    const given = { key: this.draft.key, subject: this.value("subject"), body: this.value("body") };
    for (const name of ["to", "cc", "bcc"]) if (this.value(name).trim()) given[name] = this.value(name);
    if (this.draft.replyTo) given.reply_to_message_id = this.draft.replyTo;
    if (this.draft.forward) given.forward_message_id = this.draft.forward;
    if (this.files.length) {
      given.attachments = this.files.map((file) => ({ filename: file.name, mime_type: file.type || "application/octet-stream", content_base64: file.content }));
    }
    return given;
  }

  async send() {
    if (this.state === "sending" || this.state === "submitted") return;
    if (!this.value("to").trim()) { this.say("failed", t("Say who it is for.")); this.form.elements.to.focus(); return; }
    this.say("sending", t("Sending…"));
    const message = this.message();
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const outcome = await ask("POST", "/api/send", message).catch((problem) => ({ status: "unheard", message: problem.message }));
      if (this.settled(outcome)) return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
    this.say("unheard", t("No answer yet. Press Send to ask again: it is sent at most once."));
  }

  /** Show what is known; answer whether there is nothing more to wait for. */
  settled({ status, message }) {
    switch (status) {
      case "submitted":
        this.say("submitted", t("Sent. Gmail has taken it."));
        toast(t("Message sent"));
        setTimeout(() => this.close(), 900);
        return true;
      case "failed":
      case "cancelled":
        this.draft.key = crypto.randomUUID(); // nothing was sent: the next attempt is another message
        this.say("failed", `${t("Not sent.")} ${message || t("Gmail refused the message.")}`);
        return true;
      case "unknown":
        this.say("unknown", t("Nobody can tell whether this was sent. Look into Sent before you write it again."));
        return true;
      case "unheard":
        this.say("sending", `${message || t("No answer yet.")} ${t("Asking again; it is sent at most once.")}`);
        return false;
      default:
        this.say("sending", message || t("Sending…"));
        return false;
    }
  }

  say(state, text) {
    this.state = state;
    this.element.dataset.state = state;
    this.element.setAttribute("aria-busy", String(state === "sending"));
    this.status.textContent = text;
    const still = state === "sending" || state === "submitted" || state === "unknown";
    for (const control of this.form.elements) if (control !== this.button) control.readOnly = still;
    this.button.disabled = still;
  }
}

function field(name, label, value, more) {
  const id = `compose-${name}`;
  return el("div", { className: "field" }, el("label", { htmlFor: id }, label), el("input", { id, name, value, type: "text", ...more }));
}

async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(text);
}
