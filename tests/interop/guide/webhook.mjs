import { nango } from './nango.mjs';
import { listEmails } from './emails.mjs';

export const connections = new Map();
export const inbox = new Map();

export async function receive(rawBody, headers) {
  if (!nango.verifyIncomingWebhookRequest(rawBody, headers)) return 401;
  const webhook = JSON.parse(rawBody);
  if (webhook.type === 'auth' && webhook.operation === 'creation' && webhook.success) {
    connections.set(webhook.tags.end_user_id, webhook.connectionId);
  }
  if (webhook.type === 'sync' && webhook.success && webhook.model === 'EmailMessage') {
    for (const email of await listEmails(webhook.connectionId, webhook.modifiedAfter)) {
      if (email._nango_metadata.last_action === 'DELETED') inbox.delete(email.id);
      else inbox.set(email.id, email);
    }
  }
  return 200;
}
