// The end of a consent: tell the page that opened this window, and get out of the way.
"use strict";
(() => {
  const outcome = document.getElementById("outcome");
  // The address held Google's answer, which is used up: keep it out of the history.
  history.replaceState(null, "", location.pathname);
  document.getElementById("heading").focus();
  if (!window.opener) return;
  // Only a shortcut: the opener polls anyway, because Google may cut this tie.
  window.opener.postMessage({ type: "postroom:outcome" }, location.origin);
  if (outcome.dataset.outcome === "connected") setTimeout(() => window.close(), 1200);
})();
