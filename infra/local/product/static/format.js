// Dates, sizes and names, as people say them in the page's own language.
const language = document.documentElement.lang;
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
  if (!iso) return "Without a date";
  const date = new Date(iso);
  const days = daysAgo(date);
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  if (days < 7) return "This week";
  if (days < 31) return "This month";
  return month.format(date);
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export const called = (who) => who.name || who.email || "Unknown sender";
/** A name of any script, whose direction leaves what stands around it alone. */
export const isolated = (text) => `\u2068${text}\u2069`;
export const people = (list) => list.map((who) => isolated(called(who))).join(", ");
export const written = (who) => (who.name ? `"${who.name.replaceAll(/["\\]/g, "")}" <${who.email}>` : who.email);

export const answered = (subject) => (/^(re|aw|sv|antw|vs|odp)\s*:/i.test(subject) ? subject : `Re: ${subject}`);
export const forwarded = (subject) => (/^(fwd?|wg|tr|vs|pd)\s*:/i.test(subject) ? subject : `Fwd: ${subject}`);
