import { EbbError, messageOf } from "../base/errors.ts";

/** Runs and empties `undo`, last step first: all of them even when one fails; the first failure is told. */
export async function undoAll(undo: (() => unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of undo.splice(0).reverse()) {
    try {
      await step();
    } catch (thrown) {
      failures.push(thrown);
    }
  }
  const [first] = failures;
  if (first !== undefined)
    throw first instanceof Error ? first : new EbbError("stop-failed", messageOf(first));
}
