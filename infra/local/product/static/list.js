// The list of conversations of one label.
import { $, avatar, el, icon, t } from "./dom.js";
import { called, exactly, isolated, people, period, when } from "./format.js";
import { TITLES } from "./model.js";

const EMPTY = {
  inbox: t("No mail here yet. What arrives in Gmail shows up by itself."),
  starred: t("Nothing is starred."),
  sent: t("Nothing was sent yet. Press c to write the first message."),
  spam: t("No spam. Lovely."),
  trash: t("The trash is empty."),
};

export function drawList(mail, { open, fresh = new Set() }) {
  const focused = document.activeElement?.closest?.(".row")?.dataset.thread;
  const place = $("list").scrollTop;
  const items = [];
  let heading = null;
  for (const one of mail.conversations()) {
    const under = period(one.date);
    if (under !== heading) items.push(el("li", { className: "day" }, (heading = under)));
    items.push(el("li", {}, row(mail.name, one, one.threadId === open, fresh.has(one.id))));
  }
  $("rows").replaceChildren(...(mail.loaded ? items : ghosts()));
  $("list-title").textContent = mail.words === undefined ? TITLES[mail.name] : t("Search");
  $("empty").hidden = !mail.loaded || items.length > 0;
  $("empty").textContent = mail.words === undefined ? EMPTY[mail.name] : t("Nothing was found for {words}.", { words: isolated(mail.words) });
  $("more").hidden = !mail.loaded || mail.before === null;
  $("list").scrollTop = place;
  if (focused) rowOf(focused)?.focus({ preventScroll: true });
}

export const rowOf = (threadId) => document.querySelector(`.row[data-thread="${CSS.escape(threadId)}"]`);
export const allRows = () => [...document.querySelectorAll("#rows .row")];

function row(label, one, open, fresh) {
  const outgoing = label === "sent" || one.sent;
  const faces = outgoing && one.to.length ? one.to[0] : one.from;
  const name = outgoing ? t("To: {who}", { who: people(one.to) || t("nobody") }) : called(one.from);
  const classes = ["row", one.unread ? "unread-row" : "", fresh ? "fresh" : ""].filter(Boolean).join(" ");
  return el(
    "a",
    { className: classes, href: `#/${label}/${one.threadId}`, "data-thread": one.threadId, "data-id": one.id, "aria-current": open ? "true" : null },
    avatar(faces),
    el("span", { className: "from", dir: "auto" }, name, one.count > 1 ? el("i", {}, ` ${one.count}`) : null),
    el("time", { className: "when", dateTime: one.date || "", title: exactly(one.date) }, when(one.date)),
    el("span", { className: "subject", dir: "auto" }, one.subject || t("(no subject)")),
    el(
      "span",
      { className: "marks" },
      one.files ? icon("clip") : null,
      one.labels.includes("STARRED") ? icon("star", "starred") : null,
      one.unread ? el("span", { className: "sr" }, t("Unread")) : null,
    ),
    el("span", { className: "snippet", dir: "auto" }, one.snippet || "\u00a0"),
  );
}

const ghosts = () => Array.from({ length: 7 }, () => el("li", { className: "ghost", "aria-hidden": "true" }));

export function drawProgress(progress) {
  const reading = progress !== null && progress.reading;
  $("reading").hidden = !reading;
  if (!reading) return;
  const bar = $("reading-bar");
  const total = progress.total || 0;
  if (total) { bar.max = total; bar.value = Math.min(progress.stored, total); } else bar.removeAttribute("value");
  $("reading-what").textContent = progress.failing ? t("Gmail is slow to answer; reading goes on soon") : t("Reading your mailbox");
  const eta = progress.etaS === null ? "" : `, ${timeLeft(progress.etaS)}`;
  $("reading-left").textContent = total ? `${t("{stored} of about {total}", { stored: progress.stored, total })}${eta}` : t("{count} found", { count: progress.listed });
}

const timeLeft = (seconds) => (seconds < 60 ? t("{count} s left", { count: Math.max(1, seconds) }) : t("{count} min left", { count: Math.round(seconds / 60) }));
