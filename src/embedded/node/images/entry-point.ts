import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { messageOf } from "../../../base/errors.ts";
import { ImageError } from "../errors.ts";

/** What an image runs when nobody says so: an executable file itself, a package's start script. */
export function defaultCommand(path: string, name: string): string[] {
  const facts = statSync(path);
  if (facts.isFile()) {
    if (facts.mode & 0o111) return [`./${basename(path)}`];
    throw unusable(
      `${path} is not executable; chmod +x it or say what runs it: ebb image add ${name} ${path} -- node ${basename(path)}`,
    );
  }
  const description = join(path, "package.json");
  if (!existsSync(description))
    throw unusable(
      `${path} has no package.json; say what runs in it: ebb image add ${name} ${path} -- command…`,
    );
  const start = startScript(description);
  // The way npm runs it: the package's own programs come first in PATH.
  if (start !== undefined)
    return ["/bin/sh", "-c", `PATH="$PWD/node_modules/.bin:$PATH"; export PATH; ${start}`];
  if (existsSync(join(path, "server.js"))) return ["node", "server.js"];
  throw unusable(
    `${description} has no "start" script; add one or say what runs: ebb image add ${name} ${path} -- command…`,
  );
}

function startScript(description: string): string | undefined {
  try {
    const { scripts } = JSON.parse(readFileSync(description, "utf8")) as { scripts?: { start?: string } };
    return scripts?.start;
  } catch (thrown) {
    throw unusable(`${description} cannot be read: ${messageOf(thrown)}`);
  }
}

function unusable(message: string): ImageError {
  return new ImageError("image-unusable", message);
}
