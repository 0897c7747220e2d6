import { nango } from './nango.mjs';

export async function sessionToken(user) {
  const { data } = await nango.createConnectSession({
    tags: {
      end_user_id: user.id,
      end_user_email: user.email,
      organization_id: user.organization,
    },
    allowed_integrations: ['google-mail'],
  });
  return { sessionToken: data.token };
}
