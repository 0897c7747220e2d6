// What the page knows of one label: rows by id, as conversations, newest first.
import { t } from "./dom.js";

export const LABELS = { inbox: "INBOX", starred: "STARRED", sent: "SENT", spam: "SPAM", trash: "TRASH" };
export const TITLES = { inbox: t("Inbox"), starred: t("Starred"), sent: t("Sent"), spam: t("Spam"), trash: t("Trash") };

const SEARCH = "search:";
export const searchName = (words) => `${SEARCH}${encodeURIComponent(words)}`;
export const wordsOf = (name) => (name.startsWith(SEARCH) ? decodeURIComponent(name.slice(SEARCH.length)) : undefined);

const byDate = (one, other) => (other.date || "").localeCompare(one.date || "") || other.id.localeCompare(one.id);

export class Mail {
  constructor(name) {
    this.name = name;
    this.label = LABELS[name];
    /** What is searched for; undefined for the mail of a label. */
    this.words = wordsOf(name);
    this.rows = new Map();
    /** Page token of what is older; null once everything is here. */
    this.before = null;
    this.loaded = false;
  }

  /** Take in a screen: the newest one replaces what it covers, an older one is added. */
  take(screen, { newest }) {
    if (newest) {
      const ids = new Set(screen.rows.map((row) => row.id));
      const oldest = screen.before === null ? "" : (screen.rows.at(-1)?.date ?? "");
      for (const row of [...this.rows.values()]) {
        if (!ids.has(row.id) && (row.date || "") > oldest) this.rows.delete(row.id);
      }
    }
    const first = !this.loaded || !newest;
    for (const row of screen.rows) this.rows.set(row.id, row);
    if (first || screen.before === null || this.rows.size === screen.rows.length) this.before = screen.before;
    this.loaded = true;
  }

  /** Take in changes; answer the rows that are new here. */
  change(rows, deleted) {
    const fresh = [];
    for (const id of deleted) this.rows.delete(id);
    for (const row of rows) {
      if (this.words !== undefined) {
        if (this.rows.has(row.id)) this.rows.set(row.id, row);
      } else if (!row.labels.includes(this.label)) this.rows.delete(row.id);
      else if (this.covers(row)) {
        if (!this.rows.has(row.id)) fresh.push(row);
        this.rows.set(row.id, row);
      }
    }
    return fresh;
  }

  covers(row) {
    if (this.rows.has(row.id) || this.before === null) return true;
    const oldest = [...this.rows.values()].sort(byDate).at(-1);
    return !oldest || (row.date || "") >= (oldest.date || "");
  }

  read(threadId) {
    for (const row of this.rows.values()) if (row.threadId === threadId) row.unread = false;
  }

  /** Leave a conversation out at once; the server will say the same in a moment. */
  remove(threadId) {
    for (const row of [...this.rows.values()]) if (row.threadId === threadId) this.rows.delete(row.id);
  }

  get unread() {
    return this.conversations().filter((one) => one.unread).length;
  }

  conversations() {
    const found = new Map();
    for (const row of [...this.rows.values()].sort(byDate)) {
      const one = found.get(row.threadId);
      if (!one) found.set(row.threadId, { ...row, count: 1 });
      else Object.assign(one, { count: one.count + 1, unread: one.unread || row.unread, files: one.files + row.files });
    }
    return [...found.values()];
  }
}
