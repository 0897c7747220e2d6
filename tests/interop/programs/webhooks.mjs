/** A product's backend: opens consent for a user, learns by webhooks, reads what is new. */
import http from 'node:http';
import { Nango } from '@nangohq/node';
import { host, integration, said, secretKey } from './settings.mjs';

const nango = new Nango({ secretKey, host });
const connections = new Map();

const server = http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  if (!nango.verifyIncomingWebhookRequest(body, request.headers)) {
    response.writeHead(401).end();
    return;
  }
  response.writeHead(200).end();
  await handled(JSON.parse(body));
});

async function handled(event) {
  if (event.from !== 'nango') return;
  if (event.type === 'auth' && event.operation === 'creation' && event.success) {
    connections.set(event.connectionId, { user: event.endUser.endUserId, cursor: null });
    said({ connected: event.endUser.endUserId, key: event.providerConfigKey });
  }
  if (event.type === 'sync' && event.syncName === 'emails' && event.success) {
    await read(event.connectionId, event.model);
  }
}

async function read(connectionId, model) {
  const kept = connections.get(connectionId);
  do {
    const page = await nango.listRecords({
      providerConfigKey: integration, connectionId, model, cursor: kept.cursor,
    });
    for (const email of page.records) said({ mail: email.subject, from: email.sender });
    kept.cursor = page.records.at(-1)?._nango_metadata.cursor ?? kept.cursor;
    if (!page.next_cursor) break;
  } while (true);
}

server.listen(0, '127.0.0.1', async () => {
  const { data } = await nango.createConnectSession({
    end_user: { id: 'user-1', email: 'ada@acme.example' },
    allowed_integrations: [integration],
  });
  said({ port: server.address().port, link: data.connect_link });
});
