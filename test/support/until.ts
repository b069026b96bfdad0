import { setTimeout as pause } from "node:timers/promises";

const PATIENCE_MS = 30_000;

/** Waits for what nobody announces. A file that is looked at before it exists does not hold yet. */
export async function until(holds: () => boolean | Promise<boolean>, tell?: () => unknown): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!(await holdsNow(holds))) {
    if (performance.now() > endMs)
      throw new Error(`never: ${holds}${tell ? `, but ${JSON.stringify(await tell())}` : ""}`);
    await pause(2);
  }
}

async function holdsNow(holds: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await holds();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw thrown;
  }
}
