/** An assistant that takes the user's token and asks Gmail itself. */
import { Nango } from '@nangohq/node';
import { host, integration, said, secretKey } from './settings.mjs';

const gmail = process.env.GMAIL_URL ?? 'https://gmail.googleapis.com';
const nango = new Nango({ secretKey, host });
const [user] = process.argv.slice(2);
const { connections } = await nango.listConnections({ userId: user });
const token = await nango.getToken(integration, connections[0].connection_id);
const answer = await fetch(`${gmail}/gmail/v1/users/me/messages?maxResults=3`, {
  headers: { Authorization: `Bearer ${token}` },
});
const { messages } = await answer.json();
const raw = await nango.getRawTokenResponse(integration, connections[0].connection_id);
said({ status: answer.status, messages: messages.length, scopes: raw.scope.split(' ') });
