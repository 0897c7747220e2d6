/** Reads mail with postal-mime: an array of base64 messages in, one of what it found out. */
import PostalMime from 'postal-mime';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const people = (found) => (found ?? []).flatMap((one) => one.group ?? [one]);
const readings = [];
for (const raw of JSON.parse(Buffer.concat(chunks).toString())) {
  try {
    const mail = await PostalMime.parse(Buffer.from(raw, 'base64'));
    readings.push({
      subject: mail.subject ?? '',
      from: people(mail.from && [mail.from]),
      to: people(mail.to),
      cc: people(mail.cc),
      replyTo: people(mail.replyTo),
      files: mail.attachments.map((one) => one.mimeType),
      text: mail.text ?? '',
      html: mail.html ?? '',
    });
  } catch (error) {
    readings.push({ failed: String(error) });
  }
}
console.log(JSON.stringify(readings));
