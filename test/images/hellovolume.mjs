import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inVolume } from "./places.mjs";
import { answer, serve } from "./serve.mjs";

/** Reads the file below /hello that the path names; /hello/world when it names none (spec E-028). */
serve((request, response) => {
  const path = new URL(request.url, "http://localhost").pathname;
  const file = join("/hello", decodeURIComponent(path));
  if (!file.startsWith("/hello/")) return answer(response, 400, "there is no escape\n");
  try {
    const content = readFileSync(inVolume(file === "/hello/" ? "/hello/world" : file), "utf8");
    answer(response, 200, `${content}\n`);
  } catch (thrown) {
    answer(response, 500, `${thrown.message}\n`);
  }
});
