import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inVolume } from "./places.mjs";
import { answer, serve } from "./serve.mjs";

/** Writes a file into a mounted folder and serves it (spec E-028). */
const file = join(inVolume(process.env.DATA_PATH ?? "/data"), "testfile");
const isSet = (name) => /^(1|t|T|true|TRUE|True)$/.test(process.env[name] ?? "");
if (!isSet("SKIP_DATA_WRITE")) writeFileSync(file, "From file in empty dir!");
if (!isSet("SKIP_DATA_SERVE")) serve((_request, response) => answer(response, 200, readFileSync(file)));
