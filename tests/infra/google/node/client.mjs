// Google's Gmail client for Node against the emulated Google: its address and a token come as
// arguments, what it saw goes to standard output as JSON.
import { auth as authorization, gmail } from "@googleapis/gmail";

const [, , rootUrl, token] = process.argv;
const auth = new authorization.OAuth2();
auth.setCredentials({ access_token: token });
const { users } = gmail({ version: "v1", auth, rootUrl: `${rootUrl}/` });
const userId = "me";
const raw = Buffer.from(
  "From: ada@demo.example\r\nTo: ada@demo.example\r\nSubject: From Node\r\n\r\nHello.\r\n",
).toString("base64url");

const profile = await users.getProfile({ userId });
const label = await users.labels.create({ userId, requestBody: { name: "Node" } });
const filter = await users.settings.filters.create({
  userId,
  requestBody: { criteria: { subject: "Node" }, action: { addLabelIds: [label.data.id] } },
});
const sent = await users.messages.send({ userId, requestBody: { raw } });
const uploaded = await users.messages.insert(
  {
    userId,
    requestBody: { labelIds: ["INBOX"] },
    media: { mimeType: "message/rfc822", body: "Subject: Uploaded\r\n\r\nHello.\r\n" },
  },
  { rootUrl: `${rootUrl}/` }, // an upload does not ask the client, only the call
);
const read = await users.messages.get({ userId, id: sent.data.id, format: "full" });
const listed = await users.messages.list({ userId, labelIds: [label.data.id] });
const history = await users.history.list({ userId, startHistoryId: profile.data.historyId });
const refused = await users.messages
  .get({ userId, id: "18f00000000000ff" })
  .catch((error) => ({ status: error.status, message: error.message }));
await users.settings.filters.delete({ userId, id: filter.data.id });

console.log(
  JSON.stringify({
    address: profile.data.emailAddress,
    sent: sent.data.id,
    subject: read.data.payload.headers.find(({ name }) => name === "Subject").value,
    labels: read.data.labelIds.includes(label.data.id),
    listed: listed.data.messages.map(({ id }) => id),
    uploaded: uploaded.data.labelIds,
    records: history.data.history.length,
    refused,
  }),
);
