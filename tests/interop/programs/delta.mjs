/** A nightly job: triggers the sync, waits for its end, takes what changed since the last night. */
import { Nango } from '@nangohq/node';
import { host, integration, said, secretKey } from './settings.mjs';

const nango = new Nango({ secretKey, host });
const [connectionId, lastNight] = process.argv.slice(2);
await nango.triggerSync(integration, ['emails'], connectionId);
let sync;
do {
  await new Promise((resolve) => setTimeout(resolve, 100));
  [sync] = (await nango.syncStatus(integration, ['emails'], connectionId)).syncs;
} while (sync.status === 'RUNNING');

const found = [];
let cursor = null;
do {
  const page = await nango.listRecords({
    providerConfigKey: integration, connectionId, model: 'GmailEmail', modifiedAfter: lastNight, limit: 2, cursor,
  });
  found.push(...page.records);
  cursor = page.next_cursor;
} while (cursor);
said({ status: sync.status, found: found.map((one) => [one._nango_metadata.last_action, one.subject]) });
