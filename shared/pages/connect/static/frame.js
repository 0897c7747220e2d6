// The connect page inside a product's iframe.
//
// The parent is whoever sends the first valid session token: event.source must be the parent
// window and its origin one of the configured product origins. From then on every message goes
// to that origin only; "ready" alone is posted widely, and says nothing.
"use strict";
(() => {
  const setup = JSON.parse(document.getElementById("setup").textContent);
  const view = document.getElementById("view");
  const POLL_MS = 1000;
  const FRESH_MS = 45000;
  let parentOrigin = null;
  let token = null;
  let session = null;
  let ready = null;
  let timer = null;
  let told = null;

  const tell = (message) => {
    if (parentOrigin !== null) window.parent.postMessage(message, parentOrigin);
  };

  const show = (name, slots = {}) => {
    const template = document.querySelector(`template[data-view="${name}"]`);
    view.replaceChildren(template.content.cloneNode(true));
    view.dataset.view = name;
    for (const [slot, value] of Object.entries(slots)) fill(view.querySelector(`[data-slot="${slot}"]`), value);
    if (session && session.isReconnecting) {
      const heading = view.querySelector("[data-again]");
      if (heading) heading.textContent = heading.dataset.again;
    }
    for (const button of view.querySelectorAll("[data-do]")) {
      button.addEventListener("click", button.dataset.do === "close" ? close : start);
    }
    const link = view.querySelector('[data-slot="link"]');
    if (link) link.addEventListener("click", () => setTimeout(() => { ready = null; freshen(); }));
    if (link || view.querySelector('[data-do="start"]')) freshen();
    (view.querySelector(".primary") || document.getElementById("card")).focus({ preventScroll: true });
  };

  const fill = (element, value) => {
    if (!element) return;
    element.hidden = !value || value.length === 0;
    if (element.tagName === "UL") element.replaceChildren(...(value || []).map(scopeItem));
    else if (element.tagName !== "BUTTON") element.textContent = value || "";
  };

  // A function as replacement: a name may hold "$&", which is no pattern here.
  const named = (text, name) => text.replaceAll(setup.placeholder, () => name);

  const scopeItem = (scope) => {
    const text = setup.scopes[scope] || { what: scope, why: "" };
    const item = document.createElement("li");
    for (const part of ["what", "why"]) {
      const span = document.createElement("span");
      span.className = part;
      span.textContent = text[part];
      item.append(span);
    }
    return item;
  };

  const ask = async (method, path) => {
    const answer = await fetch(path, {
      method, headers: { Authorization: `Bearer ${token}` }, cache: "no-store", credentials: "omit",
    });
    if (!answer.ok) throw Object.assign(new Error("refused"), { status: answer.status });
    return (await answer.json()).data;
  };

  const open = async () => {
    try {
      session = await ask("GET", "/connect/session");
    } catch (problem) {
      fail(problem.status === 401 ? "expired_session" : "unavailable");
      return;
    }
    if (session.status === "connected") { finish(); return; }
    if (setup.in_app) { show("elsewhere"); return; }
    const user = session.endUser || {};
    const who = user.display_name || user.email;
    show("ask", {
      who: who ? named(setup.texts.who, who) : "",
      before: session.account ? named(setup.texts.before, session.account) : "",
      scopes: session.scopes || [],
    });
  };

  // A ticket is good for a minute, once: one lies ready, so that the window opens within the click.
  const isFresh = () => ready !== null && Date.now() - ready.at < FRESH_MS;

  const prepare = async () => {
    const at = Date.now();
    const { ticket } = await ask("POST", "/connect/session/ticket");
    ready = { at, address: `/oauth/start?ticket=${encodeURIComponent(ticket)}&lang=${setup.language}&theme=${setup.theme}` };
    const link = view.querySelector('[data-slot="link"]');
    if (link) link.href = ready.address;
  };

  const freshen = () => { if (!isFresh()) prepare().catch(() => {}); };

  // The window has its address from the start: where the product isolates itself (COOP), it opens
  // without a tie to us, and an empty one could not be led on. No tie, or no window at all: a link
  // serves both.
  const start = async () => {
    told = null;
    try {
      if (!isFresh()) await prepare();
      const { address } = ready;
      ready = null;
      show(window.open(address, "postroom-connect", "popup,width=520,height=680") ? "popup" : "untied");
      poll();
    } catch (problem) {
      fail(problem.status === 401 ? "expired_session" : "unavailable");
    }
  };

  // Google may cut the tie to the window, which then looks closed: only the session knows.
  const poll = () => {
    clearTimeout(timer);
    timer = setTimeout(look, POLL_MS);
  };

  const look = async () => {
    clearTimeout(timer);
    try {
      const now = await ask("GET", "/connect/session");
      if (now.status === "connected") { session = now; finish(); return; }
      if (now.status === "failed") fail(now.error);
      else if (hasFailed()) show("popup");
      else freshen();
    } catch (problem) {
      if (problem.status === 401) { fail("expired_session"); return; }
    }
    poll();
  };

  const finish = () => {
    clearTimeout(timer);
    show("done");
    if (told === "connect") return;
    told = "connect";
    tell({ type: "connect", payload: { providerConfigKey: setup.integration, connectionId: session.connection_id } });
  };

  const hasFailed = () => ["failed", "declined"].includes(view.dataset.view);

  // Who did not allow it chose so: that is shown without the mark of an error.
  const fail = (code) => {
    if (hasFailed() && told === code) return;
    const error = setup.errors[code] || setup.errors.google_error;
    show(code === "access_denied" ? "declined" : "failed", {
      title: error.title,
      text: named(error.text, (session && session.account) || ""),
      scopes: code === "missing_scope" && session ? session.scopes : [],
      retry: setup.final.includes(code) ? "" : "yes",
    });
    told = code;
    tell({ type: "error", payload: { errorType: code, errorMessage: error.title } });
  };

  const close = () => {
    clearTimeout(timer);
    tell({ type: "close" });
  };

  // "http://localhost:*" stands for every port, on loopback only.
  const isKnown = (origin) => setup.origins.some((one) => one === origin
    || (one.endsWith(":*") && origin.startsWith(one.slice(0, -1)) && /^\d+$/.test(origin.slice(one.length - 1))));

  const fromParent = (event) => event.source === window.parent && isKnown(event.origin);

  window.addEventListener("message", (event) => {
    const message = event.data;
    if (typeof message !== "object" || message === null) return;
    if (message.type === "postroom:outcome" && event.origin === location.origin && event.source !== window.parent) {
      if (token !== null) look();
      return;
    }
    if (!fromParent(event) || (parentOrigin !== null && event.origin !== parentOrigin)) return;
    if (message.type !== "session_token" || typeof message.sessionToken !== "string" || !message.sessionToken) return;
    if (message.sessionToken === token) return;
    parentOrigin = event.origin;
    token = message.sessionToken;
    open();
  });

  document.getElementById("close").addEventListener("click", close);
  document.getElementById("backdrop").addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Tab") trap(event);
  });

  const trap = (event) => {
    const stops = [...document.querySelectorAll("#card button:not([hidden]), #card a[href]")];
    const last = stops[stops.length - 1];
    if (event.shiftKey && document.activeElement === stops[0]) { last.focus(); event.preventDefault(); }
    if (!event.shiftKey && document.activeElement === last) { stops[0].focus(); event.preventDefault(); }
  };

  if (window.parent === window) show("lonely");
  else window.parent.postMessage({ type: "ready" }, "*");
})();
