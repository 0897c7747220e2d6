import { Nango } from '@nangohq/node';

// The line that differs: `host` is one's own Postroom.
export const nango = new Nango({
  secretKey: process.env.NANGO_SECRET_KEY,
  webhookSigningKey: process.env.NANGO_WEBHOOK_SIGNING_KEY,
  host: process.env.NANGO_HOST,
});
