/** Filters that each user keeps in the connection's metadata decide what becomes a ticket. */
import { Nango } from '@nangohq/node';
import { host, integration, said, secretKey } from './settings.mjs';

const nango = new Nango({ secretKey, host });
const [user, sender] = process.argv.slice(2);
const { connections } = await nango.listConnections({ userId: user });
const id = connections[0].connection_id;
await nango.setMetadata(integration, id, { filters: { sender }, seen: [] });

const { filters } = await nango.getMetadata(integration, id);
const { records } = await nango.listRecords({
  providerConfigKey: integration, connectionId: id, model: 'GmailEmail', filter: 'added', limit: 100,
});
const tickets = records.filter((email) => email.sender.includes(filters.sender));
await nango.updateMetadata(integration, id, { seen: tickets.map((email) => email.id) });
const { metadata } = await nango.getConnection(integration, id);
said({ tickets: tickets.map((email) => email.subject), seen: metadata.seen.length, kept: metadata.filters });
