// Dates, sizes and names, as people say them in the page's own language.
import { t } from "./dom.js";

const own = document.documentElement.lang;
/** The page's language, as this person's region writes it. */
const language = navigator.languages.find((one) => one.split("-")[0] === own) ?? own;
const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const dayMonth = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
const dayYear = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" });
const month = new Intl.DateTimeFormat(language, { month: "long", year: "numeric" });
const whole = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" });

const startOfDay = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
const daysAgo = (date) => Math.round((startOfDay(new Date()) - startOfDay(date)) / 86_400_000);

export function when(iso) {
  if (!iso) return "";
  const date = new Date(iso);
  if (daysAgo(date) <= 0) return time.format(date);
  return (date.getFullYear() === new Date().getFullYear() ? dayMonth : dayYear).format(date);
}

export const exactly = (iso) => (iso ? whole.format(new Date(iso)) : "");

/** The heading under which a list shows a date. */
export function period(iso) {
  if (!iso) return t("Without a date");
  const date = new Date(iso);
  const days = daysAgo(date);
  if (days <= 0) return t("Today");
  if (days === 1) return t("Yesterday");
  if (days < 7) return t("This week");
  if (days < 31) return t("This month");
  return month.format(date);
}

export function size(bytes) {
  if (bytes < 1000) return t("{count} bytes", { count: bytes });
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export const called = (who) => who.name || who.email || t("Unknown sender");
/** A name of any script, whose direction leaves what stands around it alone. */
export const isolated = (text) => `\u2068${text}\u2069`;
export const people = (list) => list.map((who) => isolated(called(who))).join(", ");
export const written = (who) => (who.name ? `"${who.name.replaceAll(/["\\]/g, "")}" <${who.email}>` : who.email);

export const answered = (subject) => (/^(re|aw|sv|antw|vs|odp)\s*:/i.test(subject) ? subject : `Re: ${subject}`);
export const forwarded = (subject) => (/^(fwd?|wg|tr|vs|pd)\s*:/i.test(subject) ? subject : `Fwd: ${subject}`);
