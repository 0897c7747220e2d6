import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

async function connected(connectionId) {
  // The line that differs: the host is one's own Postroom.
  const transport = new StreamableHTTPClientTransport(new URL(`${process.env.NANGO_HOST}/mcp`), {
    requestInit: {
      headers: {
        Authorization: `Bearer ${process.env.NANGO_SECRET_KEY}`,
        'connection-id': connectionId,
        'provider-config-key': 'google-mail',
      },
    },
  });
  const client = new Client({ name: 'my-agent', version: '1.0.0' });
  await client.connect(transport);
  return client;
}

export async function listTools(connectionId) {
  const client = await connected(connectionId);
  const { tools } = await client.listTools();
  await client.close();
  return tools;
}

export async function callTool(connectionId, name, input) {
  const client = await connected(connectionId);
  const result = await client.callTool({ name, arguments: input });
  await client.close();
  return result;
}
