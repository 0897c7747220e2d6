/** What each program is configured by: an address and a key, and nothing of Postroom. */
export const host = process.env.NANGO_HOST;
export const secretKey = process.env.NANGO_SECRET_KEY;
export const integration = process.env.NANGO_INTEGRATION ?? 'google-mail';

/** Print one thing that the program did. */
export function said(what) {
  console.log(JSON.stringify(what));
}
