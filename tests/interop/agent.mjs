// An agent on one of the npm clients: connects with the headers given, lists the tools, makes the
// calls given, and prints what it saw. `generation` is the client's: 1 knows the era with a
// handshake, 2 both (`mode` chooses).
import process from 'node:process';

const { generation, mode, url, headers, calls } = JSON.parse(process.argv[2]);

async function clientOf() {
  const info = { name: 'an-agent', version: '1.0.0' };
  if (generation === 1) {
    const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
    const http = await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
    return [new Client(info), http.StreamableHTTPClientTransport];
  }
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  return [new Client(info, { versionNegotiation: { mode } }), StreamableHTTPClientTransport];
}

async function called(client, { name, arguments: given }) {
  try {
    return { result: await client.callTool({ name, arguments: given }) };
  } catch (error) {
    return { error: { code: error.code, message: error.message, data: error.data } };
  }
}

const [client, Transport] = await clientOf();
await client.connect(new Transport(new URL(url), { requestInit: { headers } }));
const { tools } = await client.listTools();
const answers = [];
for (const one of calls) answers.push(await called(client, one));
const seen = {
  instructions: client.getInstructions(),
  version: client.getNegotiatedProtocolVersion?.(),
};
console.log(JSON.stringify({ ...seen, tools, answers }));
await client.close();
