/** How often a program run by npm or npx looks whether its parent still lives. */
const PARENT_CHECK_MS = 500;

/**
 * Calls `listener` on SIGINT and SIGTERM, and once when the parent died under npm or npx, which leave their child
 * behind on SIGTERM (DESIGN §6).
 */
export function onStopRequest(listener: () => void): void {
  process.on("SIGINT", listener);
  process.on("SIGTERM", listener);
  if (process.env.npm_execpath === undefined) return;
  const parent = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(check);
    listener();
  }, PARENT_CHECK_MS);
  check.unref();
}
