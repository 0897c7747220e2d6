/** An archive that is left behind: keeps each mail's files, marks the mail, and disconnects the user. */
import { Nango } from '@nangohq/node';
import { host, integration, said, secretKey } from './settings.mjs';

const nango = new Nango({ secretKey, host });
const [user] = process.argv.slice(2);
const { connections } = await nango.listConnections({ tags: { end_user_id: user } });
const connectionId = connections[0].connection_id;
const at = { providerConfigKey: integration, connectionId };
const me = 'https://gmail.googleapis.com/gmail/v1/users/me';
const { data: offered } = await nango.getIntegration({ uniqueKey: integration }, { include: ['webhook'] });

const emails = [];
let cursor;
do {
  const page = await nango.listRecords({ ...at, model: 'GmailEmail', cursor, limit: 50 });
  emails.push(...page.records.filter((email) => !email._nango_metadata.deleted_at));
  cursor = page.next_cursor;
} while (cursor);

const kept = [];
for (const email of emails) {
  for (const file of email.attachments) {
    const { data } = await nango.get({
      ...at, endpoint: `${me}/messages/${email.id}/attachments/${file.attachmentId}`, retries: 5,
    });
    kept.push({ name: file.filename, bytes: Buffer.from(data.data, 'base64').length, size: file.size });
  }
}

const { data: label } = await nango.post({ ...at, endpoint: `${me}/labels`, data: { name: 'Kept' } });
const renamed = await nango.patch({ ...at, endpoint: `${me}/labels/${label.id}`, data: { name: 'Sorted' } });
await nango.put({ ...at, endpoint: `${me}/labels/${label.id}`, data: { ...label, name: 'Filed' } });
const ids = emails.map((email) => email.id);
await nango.post({ ...at, endpoint: `${me}/messages/batchModify`, data: { ids, addLabelIds: [label.id] } });
const { data: marked } = await nango.get({
  ...at, endpoint: '/messages', baseUrlOverride: me, params: { labelIds: label.id, maxResults: 500 },
});
await nango.delete({ ...at, endpoint: `${me}/labels/${label.id}` });

await nango.pauseSync(integration, ['emails'], connectionId);
const [{ status }] = (await nango.syncStatus(integration, ['emails'], connectionId)).syncs;
await nango.deleteConnection(integration, connectionId);
let left = 'a token';
try {
  await nango.getToken(integration, connectionId);
} catch (error) {
  left = error.response.status >= 400 && 'none';
}
said({
  name: offered.display_name, renamed: renamed.data.name, kept, status, left,
  marked: marked.messages.length === emails.length,
});
