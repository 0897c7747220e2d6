// Runs a sync template of Nango's interface on a mailbox, without Nango and without Postroom.
//
// `node template_runner.mjs ADDRESS TOKEN COUNT MODULES TEMPLATE [METADATA]` prints one line of JSON. Its interface
// is the runner SDK's of Nango's npm packages, which MODULES holds; calls go to ADDRESS, and are repeated as there,
// after 3 s, doubled each time. A template is executed again while that moves its checkpoint, until COUNT is reached.
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [address, token, count, modules, template, metadata = '{}'] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const load = (name) => import(pathToFileURL(require.resolve(name)));

const { NangoSyncBase } = await load('@nangohq/runner-sdk');
const { default: axios } = await load('axios');

/** Ends an execution that would go on to the whole mailbox. */
class EnoughError extends Error {}

class Runner extends NangoSyncBase {
  nango = { userAgent: 'template' };
  saved = new Set();
  checkpoint = null;

  constructor() {
    super({ provider: 'google-mail', providerConfigKey: 'google-mail', connectionId: 'bench', team: { id: 0 } });
  }

  async proxy({ endpoint, method = 'GET', params, data, headers, retries = 0 }, attempt = 0) {
    if (this.saved.size >= count) throw new EnoughError();
    try {
      const authorized = { ...headers, authorization: `Bearer ${token}` };
      return await axios.request({ url: address + endpoint, method, params, data, headers: authorized });
    } catch (error) {
      const status = error.response?.status ?? 500;
      if (attempt >= retries || !(status >= 500 || status === 429 || status === 401)) throw error;
      await setTimeout(3000 * 2 ** attempt);
      return this.proxy({ endpoint, method, params, data, headers, retries }, attempt + 1);
    }
  }

  batchSave(records, model) {
    for (const { id } of records) this.saved.add(`${model}:${id}`);
    return true;
  }

  batchUpdate(records, model) {
    return this.batchSave(records, model);
  }

  batchDelete() {
    return true;
  }

  async getMetadata() {
    return JSON.parse(metadata);
  }

  async getCheckpoint() {
    return this.checkpoint;
  }

  async saveCheckpoint(checkpoint) {
    this.checkpoint = checkpoint;
  }

  async clearCheckpoint() {
    this.checkpoint = null;
  }

  trackDeletesStart() {}

  trackDeletesEnd() {
    return { deletedKeys: [] };
  }

  deleteRecordsFromPreviousExecutions() {
    return { deletedKeys: [] };
  }

  log() {}
}

/** Compile a template as Nango does, types removed; its imports are what `nango init` installs. */
async function compiled() {
  const { build } = await load('esbuild');
  const scripts = require.resolve('@nangohq/runner-sdk').replace(/index\.js$/, 'scripts.js');
  const built = await build({
    entryPoints: [template],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    nodePaths: [modules],
    alias: { nango: scripts },
  });
  const source = Buffer.from(built.outputFiles[0].contents).toString('base64');
  return (await import(`data:text/javascript;base64,${source}`)).default;
}

const sync = await compiled();
const runner = new Runner();
const began = performance.now();
const before = process.cpuUsage();
for (let moved = true; moved && runner.saved.size < count; ) {
  const checkpoint = JSON.stringify(runner.checkpoint);
  await sync.exec(runner).catch((error) => {
    if (!(error instanceof EnoughError)) throw error;
  });
  moved = JSON.stringify(runner.checkpoint) !== checkpoint;
}
const { user, system } = process.cpuUsage(before);
const took = { seconds: (performance.now() - began) / 1e3, cpu: (user + system) / 1e6 };
console.log(JSON.stringify({ messages: runner.saved.size, ...took }));
