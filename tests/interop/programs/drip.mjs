/** A drip sender: writes to each lead through the proxy, and looks whether one answered. */
import { Nango } from '@nangohq/node';
import { host, integration, said, secretKey } from './settings.mjs';

const nango = new Nango({ secretKey, host });
const leads = process.argv.slice(2);
const { connections } = await nango.listConnections({ integrationId: integration });
const at = { providerConfigKey: integration, connectionId: connections[0].connection_id, retries: 3 };

for (const lead of leads) {
  const mail = [`To: ${lead}`, 'Subject: A short question', 'Content-Type: text/html; charset="UTF-8"'];
  const raw = Buffer.from(`${mail.join('\r\n')}\r\n\r\n<p>Hello!</p>`).toString('base64url');
  const sent = await nango.post({ ...at, endpoint: '/gmail/v1/users/me/messages/send', data: { raw } });
  const thread = await nango.proxy({
    ...at, method: 'GET', baseUrlOverride: 'https://gmail.googleapis.com',
    endpoint: `/gmail/v1/users/me/threads/${sent.data.threadId}`, params: { format: 'metadata' },
  });
  said({ lead, id: sent.data.id, messages: thread.data.messages.length });
}

try {
  await nango.delete({ ...at, endpoint: '/gmail/v1/users/me/messages/18f00000000000ff' });
} catch (error) {
  said({ refused: error.response.status, scope: error.response.data.error.payload.scope });
}
