import { nango } from './nango.mjs';

export async function sendEmail(connectionId, { to, cc, bcc, subject, body }) {
  const result = await nango.triggerAction('google-mail', connectionId, 'send-email', {
    to,
    cc,
    bcc,
    subject,
    body,
  });
  return result;
}
