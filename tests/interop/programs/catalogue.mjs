/** A page of integrations: what there is, what it looks like, and what this user has connected. */
import { Nango } from '@nangohq/node';
import { host, said, secretKey } from './settings.mjs';

const nango = new Nango({ secretKey, host });
const [user] = process.argv.slice(2);
const [{ configs }, { connections }, scripts] = await Promise.all([
  nango.listIntegrations(), nango.listConnections({ userId: user }), nango.getScriptsConfig(),
]);
for (const one of configs) {
  const { data: provider } = await nango.getProvider({ provider: one.provider });
  const mine = connections.filter((each) => each.provider_config_key === one.unique_key);
  const does = scripts.find((each) => each.providerConfigKey === one.unique_key);
  said({
    name: provider.display_name, key: one.unique_key, mode: provider.auth_mode,
    logo: provider.logo_url.length > 0, connected: mine.length, broken: mine.flatMap((c) => c.errors),
    syncs: does.syncs.map((sync) => sync.name), actions: does.actions.length > 10,
  });
}
