import { EbbError } from "../../base/errors.ts";
import type { Home } from "./home.ts";

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "no permission",
  EPERM: "no permission",
  EROFS: "its file system is read-only",
  ENOSPC: "the disk is full",
  ENOTDIR: "a file is where a folder should be",
};

/** What the system refused about a file of the home, as one sentence; anything else as it is. */
export function toldOfHome(thrown: unknown, { folder }: Home): unknown {
  if (thrown instanceof EbbError || !(thrown instanceof Error)) return thrown;
  const { code = "", path } = thrown as NodeJS.ErrnoException;
  const reason = REASONS[code];
  const what = path ?? /'([^']+)'/.exec(thrown.message)?.[1];
  if (reason === undefined || !what?.startsWith(folder)) return thrown;
  const advice = code === "ENOSPC" ? "free some space" : "make it usable for this user";
  const sentence = `cannot use ${what} (${reason}); ${advice} or choose another home with --home DIR`;
  return new EbbError("home-unusable", sentence, { cause: thrown });
}
