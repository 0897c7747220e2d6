import { createSync } from "nango";
import * as z from "zod";

const Subject = z.object({ id: z.string(), subject: z.string() });

const sync = createSync({
  description: "Fetch the subjects of the mailbox, two a page.",
  version: "1.0.0",
  frequency: "every hour",
  autoStart: true,
  syncType: "full",
  metadata: z.object({ prefix: z.string() }),
  models: { Subject },
  exec: async (nango) => {
    const { prefix } = await nango.getMetadata();
    const pages = nango.paginate<{ id: string }>({
      endpoint: "/gmail/v1/users/me/messages",
      paginate: {
        type: "cursor",
        cursor_path_in_response: "nextPageToken",
        cursor_name_in_request: "pageToken",
        limit_name_in_request: "maxResults",
        limit: 2,
        response_path: "messages",
      },
      retries: 3,
    });
    for await (const page of pages) {
      const found = [];
      for (const { id } of page) {
        const message = await nango.get({
          endpoint: `/gmail/v1/users/me/messages/${id}`,
          params: { format: "metadata", metadataHeaders: "Subject" },
          retries: 3,
        });
        const [subject] = message.data.payload.headers;
        found.push({ id, subject: prefix + subject.value });
      }
      await nango.batchSave(found, "Subject");
    }
  },
});

export default sync;
