import { nango } from './nango.mjs';

export async function syncNow(connectionId) {
  await nango.triggerSync('google-mail', ['fetch-messages'], connectionId);
}

export async function syncStatus(connectionId) {
  const { syncs } = await nango.syncStatus('google-mail', ['fetch-messages'], connectionId);
  return syncs[0];
}

export async function listEmails(connectionId, modifiedAfter) {
  const emails = [];
  let cursor = null;
  do {
    const page = await nango.listRecords({
      providerConfigKey: 'google-mail',
      connectionId,
      model: 'EmailMessage',
      limit: 10,
      ...(modifiedAfter ? { modifiedAfter } : {}),
      ...(cursor ? { cursor } : {}),
    });
    emails.push(...page.records);
    cursor = page.next_cursor;
  } while (cursor);
  return emails;
}
