import { setTimeout as pause } from "node:timers/promises";
import { query, serve } from "./serve.mjs";

/** Waits before the first byte and before the last one (spec E-021). */
serve(async (request, response) => {
  const parameters = query(request);
  await pause(Number(parameters.get("initialTimeout") ?? 0));
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
  response.flushHeaders();
  const ms = Number(parameters.get("timeout") ?? 0);
  await pause(ms);
  response.end(`Slept for ${ms} milliseconds`);
});
