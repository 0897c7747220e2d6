// Loaded before the server of the npm package: its calls go to the emulated Google.
import http from "node:http";
import https from "node:https";

const { hostname, port } = new URL(process.env.EMULATED_GOOGLE);

https.request = (options, answered) =>
  http.request({ method: options.method, path: options.path, headers: options.headers, hostname, port }, answered);
