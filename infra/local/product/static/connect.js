// Connect Gmail: Postroom's connect page in a frame over ours.
//
// Both sides check who is speaking: messages count only if they come from this frame's window
// and from Postroom's origin, and the session token goes to that origin only. The frame says
// "ready" first; then it gets the token; later it says "connect", "error" or "close".
import { ask } from "./ask.js";
import { $, el, t } from "./dom.js";

let frame = null;

/** Open the connect page. `outcome(connection)` is called when Harbor's server has looked. */
export async function connectGmail(outcome) {
  if (frame) return;
  const postroom = document.body.dataset.postroom;
  const origin = new URL(postroom).origin;
  const { token } = await ask("POST", "/api/connect");
  const theme = document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  frame = el("iframe", { className: "connect-frame", title: t("Connect Gmail"), id: "connect-frame" });
  frame.src = `${postroom}/connect-ui/?${new URLSearchParams({ apiURL: postroom, lang: document.documentElement.lang, theme })}`;

  const heard = (event) => {
    if (event.source !== frame.contentWindow || event.origin !== origin) return;
    const { type } = event.data ?? {};
    if (type === "ready") frame.contentWindow.postMessage({ type: "session_token", sessionToken: token }, origin);
    if (type === "connect") look(outcome);
    if (type === "close") { end(); look(outcome); }
    // "error" is shown by the connect page itself, which offers to try again.
  };
  const end = () => {
    window.removeEventListener("message", heard);
    frame.remove();
    frame = null;
    $("connect").focus();
  };
  window.addEventListener("message", heard);
  $("connect-place").append(frame);
}

/** The page never believes a browser message: the server asks Postroom who is connected. */
async function look(outcome) {
  const { connection } = await ask("POST", "/api/connected");
  outcome(connection);
}
