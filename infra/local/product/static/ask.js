// Questions to the product's own server.
import { t } from "./dom.js";

export class Problem extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export async function ask(method, path, body) {
  const request = { method, cache: "no-store" };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers = { "Content-Type": "application/json" };
  }
  let answer;
  try {
    answer = await fetch(path, request);
  } catch {
    throw new Problem("offline", t("Harbor's server does not answer. Check that it is running."));
  }
  if (answer.status === 204) return null;
  const said = await answer.json().catch(() => null);
  if (answer.ok) return said;
  const error = said && said.error;
  throw new Problem(error ? error.code : "broken", error ? error.message : t("Harbor answered {status}.", { status: answer.status }));
}
