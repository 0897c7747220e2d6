"""Code that checks a webhook's signature, to copy; each runs as it stands.

`verified(body, headers, secret)` takes the raw bytes of the body, the request's headers by their
lower-case names and the endpoint's secret (Standard Webhooks v1; API 7.1, FACTS 12.1).
"""

from typing import Final

PYTHON: Final = '''\
import hmac, time
from base64 import b64decode, b64encode

def verified(body: bytes, headers: dict[str, str], secret: str) -> bool:
    """Whether Postroom sent this, in the last five minutes."""
    id, sent = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(sent)) > 300:
        return False
    key = b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, b".".join((id.encode(), sent.encode(), body)), "sha256")
    expected = "v1," + b64encode(digest).decode()
    found = headers["webhook-signature"].split(" ")
    return any(hmac.compare_digest(expected, one) for one in found)
'''
NODE: Final = """\
import { createHmac, timingSafeEqual } from "node:crypto";

/** Whether Postroom sent this, in the last five minutes. `body` is a Buffer. */
export function verified(body, headers, secret) {
  const id = headers["webhook-id"], sent = headers["webhook-timestamp"];
  if (Math.abs(Date.now() / 1000 - Number(sent)) > 300) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const mac = createHmac("sha256", key).update(`${id}.${sent}.`).update(body).digest("base64");
  const expected = Buffer.from(`v1,${mac}`);
  return headers["webhook-signature"].split(" ").map((one) => Buffer.from(one))
    .some((one) => one.length === expected.length && timingSafeEqual(one, expected));
}
"""
SNIPPETS: Final = (("Python", PYTHON), ("Node.js", NODE))
