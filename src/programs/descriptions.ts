import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Descriptions, kindPath } from "../api/descriptions.ts";
import { KINDS } from "../api/kinds.ts";
import { VIEWS } from "../api/views.ts";
import { REVIEWS } from "../embedded/apiserver/access/reviews.ts";
import { describeKinds, inLinesOfDefinitions } from "./declared-types.ts";

/** A build's file beside the programs. */
export const DESCRIPTIONS_FILE = "descriptions.json.gz";

/** From source alone, where hundreds of files have to be read for it. */
let kept: Descriptions | undefined;

/**
 * What Kubernetes and Knative say of the kinds served: a file in a build; from source, what the packages that the file
 * is made of say, if they are installed.
 */
export function readDescriptions(): Descriptions {
  if (import.meta.filename.endsWith(".ts")) {
    kept ??= describeServedKinds();
    return kept;
  }
  return JSON.parse(gunzipSync(readFileSync(join(import.meta.dirname, DESCRIPTIONS_FILE))).toString());
}

export function describeServedKinds(): Descriptions {
  const packages = join(import.meta.dirname, "../../node_modules");
  const read = (path: string) => readIfThere(join(packages, path));
  const kinds = [...KINDS, ...VIEWS.map((view) => view.kind), ...REVIEWS].map(kindPath);
  const lines = JSON.parse(readFileSync(join(import.meta.dirname, "definition-lines.json"), "utf8"));
  return inLinesOfDefinitions(describeKinds(kinds, read), lines);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (why) {
    if ((why as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw why;
  }
}
