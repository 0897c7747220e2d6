/** An agent a user: the tools of that user's mailbox by MCP, called as a model would. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Nango } from '@nangohq/node';
import { host, integration, said, secretKey } from './settings.mjs';

const nango = new Nango({ secretKey, host });
const [user] = process.argv.slice(2);
const { connections } = await nango.listConnections({ userId: user });
const headers = {
  Authorization: `Bearer ${secretKey}`,
  'connection-id': connections[0].connection_id,
  'provider-config-key': integration,
};
const client = new Client({ name: 'agent', version: '1.0.0' });
await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', host), { requestInit: { headers } }));
const { tools } = await client.listTools();

/** Fill in what the tool's schema requires, as a model does. */
function filled(tool, given) {
  const needed = (tool.inputSchema.required ?? []).filter((name) => !(name in given));
  return { ...given, ...Object.fromEntries(needed.map((name) => [name, `${tool.name}-1`])) };
}

for (const [name, given] of [
  ['list-labels', {}],
  ['send-email', { to: 'bo@example.org', subject: 'From the agent', body: 'Hello.' }],
]) {
  const tool = tools.find((each) => each.name === name);
  const answer = await client.callTool({ name, arguments: filled(tool, given) });
  said({ tool: name, failed: answer.isError ?? false, text: answer.content[0].text.length > 0 });
}
await client.close();
