// The end of a consent: tell the page that opened this window, and get out of the way.
"use strict";
(() => {
  const outcome = document.getElementById("outcome");
  // Google's answer is used up: keep it out of the history. A success keeps its state, which is used
  // up too, but lets this browser load the page again.
  const state = outcome.dataset.outcome === "connected" && new URLSearchParams(location.search).get("state");
  history.replaceState(null, "", location.pathname + (state ? `?state=${encodeURIComponent(state)}` : ""));
  document.getElementById("heading").focus();
  if (!window.opener) return;
  // Only a shortcut: the opener polls anyway, because Google may cut this tie.
  window.opener.postMessage({ type: "postroom:outcome" }, location.origin);
  if (outcome.dataset.outcome === "connected") setTimeout(() => window.close(), 1200);
})();
