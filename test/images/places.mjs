import { existsSync } from "node:fs";
import { join } from "node:path";

/** Where a mounted file is: at its own path, or below EBB_ROOT where the engine may not mount. */
export function inVolume(path) {
  const root = process.env.EBB_ROOT;
  return root !== undefined && existsSync(join(root, path.split("/")[1] ?? "")) ? join(root, path) : path;
}
