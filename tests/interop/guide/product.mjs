// A product made of the guide's steps; it serves on the socket whose descriptor it is given.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listEmails, syncNow, syncStatus } from './emails.mjs';
import { sendEmail } from './send-email.mjs';
import { sessionToken } from './session-token.mjs';
import { callTool, listTools } from './tool-call.mjs';
import { connections, inbox, receive } from './webhook.mjs';

const user = JSON.parse(process.argv[2]);
const host = process.env.NANGO_HOST;
const mine = () => connections.get(user.id);

const routes = {
  'GET /hosts': () => ({ baseURL: `${host}/connect-ui`, apiURL: host }),
  'POST /session-token': () => sessionToken(user),
  'GET /connection': () => ({ connectionId: mine() ?? null }),
  'POST /send': (body) => sendEmail(mine(), body),
  'POST /sync': () => syncNow(mine()),
  'GET /sync': () => syncStatus(mine()),
  'GET /emails': () => listEmails(mine()),
  'GET /inbox': () => [...inbox.values()],
  'GET /tools': () => listTools(mine()),
  'POST /tool': ({ name, input }) => callTool(mine(), name, input),
};

createServer(async (request, response) => {
  try {
    await answer(request, response);
  } catch (error) {
    const told = { message: error.message, data: error.response?.data };
    response.writeHead(500).end(JSON.stringify(told));
  }
}).listen({ fd: Number(process.argv[3]) }, () => console.log('listening'));

async function answer(request, response) {
  const raw = await text(request);
  if (request.url === '/webhooks') {
    response.writeHead(await receive(raw, request.headers)).end();
  } else if (request.url === '/') {
    response.setHeader('Content-Type', 'text/html').end(await readFile('guide/connect.html'));
  } else if (/^\/node_modules\/[\w@/.-]+\.js$/.test(request.url)) {
    response.setHeader('Content-Type', 'text/javascript').end(await readFile(`.${request.url}`));
  } else {
    const found = await routes[`${request.method} ${request.url}`](raw ? JSON.parse(raw) : {});
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(found ?? null));
  }
}
