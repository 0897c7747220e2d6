import { createAction } from "nango";
import * as z from "zod";

const action = createAction({
  description: "Count the mailbox's labels of one kind.",
  version: "1.0.0",
  input: z.object({ kind: z.enum(["system", "user"]) }),
  output: z.object({ labels: z.number(), connection: z.string(), email: z.string() }),
  exec: async (nango, input) => {
    const found = await nango.get({ endpoint: "/gmail/v1/users/me/labels", retries: 3 });
    const profile = await nango.get({ endpoint: "/gmail/v1/users/me/profile", retries: 3 });
    const connection = await nango.getConnection();
    const labels = found.data.labels.filter((label: { type: string }) => label.type === input.kind);
    await nango.log(`${labels.length} labels`);
    return {
      labels: labels.length,
      connection: connection.connection_id,
      email: profile.data.emailAddress,
    };
  },
});

export default action;
