/** A relay that verifies webhooks by hand, in both schemes, and knows each type's fields. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import { said, secretKey } from './settings.mjs';

const FIELDS = {
  auth: ['connectionId', 'providerConfigKey', 'authMode', 'provider', 'environment', 'operation', 'success', 'endUser'],
  sync: ['connectionId', 'providerConfigKey', 'syncName', 'model', 'syncType', 'success', 'modifiedAfter', 'responseResults'],
};

function isGenuine(headers, body) {
  const hmac = createHmac('sha256', secretKey).update(body).digest('hex');
  const older = createHash('sha256').update(secretKey + body).digest('hex');
  return [[hmac, headers['x-nango-hmac-sha256']], [older, headers['x-nango-signature']]].every(
    ([ours, theirs]) => theirs?.length === ours.length && timingSafeEqual(Buffer.from(ours), Buffer.from(theirs)),
  );
}

const server = http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  response.writeHead(isGenuine(request.headers, body) ? 200 : 401).end();
  const event = JSON.parse(body);
  const missing = (FIELDS[event.type] ?? ['a type we know']).filter((field) => !(field in event));
  said({ type: event.type, genuine: isGenuine(request.headers, body), missing });
});
server.listen(0, '127.0.0.1', () => said({ port: server.address().port }));
