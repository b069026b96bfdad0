import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** Recorded answers of the real programs: the folder named by EBB_GOLDEN, else `golden` beside the checkout. */
const checkout = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const goldenFolder = resolve(process.env.EBB_GOLDEN ?? join(checkout, "../shared/golden"));

export interface GoldenCase {
  readonly id: string;
}

/** undefined = the same; a text = the difference. */
export type Verdict = string | undefined;

/** Of all that is wrong about a case, the first. */
export function verdictOf(wrong: readonly string[]): Verdict {
  return wrong.length === 0 ? undefined : wrong.slice(0, 4).join("; ");
}

/** More cases than a loaded machine spoils by chance. */
const ODD_MAX = 30;

/**
 * Judges every case of a recorded file and compares the failures with the agreed exceptions beside the test
 * (`{ id: reason }`): a failure that is not listed and a listed case that passes both fail the test.
 */
export function judgeGolden<C extends GoldenCase>(judgement: {
  readonly file: string;
  readonly exceptions: Readonly<Record<string, string>>;
  /** Which of the file's cases this judge is about; absent = all. The others do not count. */
  readonly select?: (recorded: C) => boolean;
  /** Cases judged at the same time; default 1. */
  readonly concurrency?: number;
  /**
   * How often a case is judged, at most, that differs from what is expected of it; default 1. For cases on real sockets
   * and clocks: a machine that has much else to do is late, so they are judged again one after the other.
   */
  readonly plays?: number;
  /** With what the cases are played, where that is not ebb alone. */
  readonly about?: string;
  /** Why they cannot be played; false when they can. */
  readonly skip?: string | false;
  /** Default ten minutes. */
  readonly timeoutMs?: number;
  /** Throws, or resolves to a text, when ebb answers otherwise than recorded. */
  readonly judge: (recorded: C) => Promise<Verdict> | Verdict;
}): void {
  const { about, skip = false, timeoutMs: timeout = 600_000 } = judgement;
  const name = `${judgement.file} answers as recorded${about === undefined ? "" : `, with ${about}`}`;
  test(name, { skip, timeout }, async (context) => {
    const path = join(goldenFolder, judgement.file);
    if (!existsSync(path)) {
      if (process.env.CI === "true")
        throw new Error(`${path} is missing: set EBB_GOLDEN to the recorded cases`);
      context.skip(`no recorded cases at ${path}: set EBB_GOLDEN to their folder`);
      return;
    }
    const cases = readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as C)
      .filter((recorded) => judgement.select?.(recorded) ?? true);
    const { exceptions, judge, plays = 1 } = judgement;
    const failures = await failuresOf(cases, judge, judgement.concurrency ?? 1);
    for (let play = 1; play < plays; play++) {
      const odd = cases.filter(({ id }) => failures.has(id) !== id in exceptions);
      if (odd.length > ODD_MAX) break;
      const again = await failuresOf(odd, judge, 1);
      for (const { id } of odd) {
        const why = again.get(id);
        if (why === undefined) failures.delete(id);
        else failures.set(id, why);
      }
    }
    const passed = cases.length - failures.size;
    context.diagnostic(
      `${judgement.file}${about === undefined ? "" : ` with ${about}`}: ${passed} of ${cases.length} (${percent(passed, cases.length)} %)`,
    );
    const unlisted = [...failures].filter(([id]) => !(id in exceptions));
    const stale = Object.keys(exceptions).filter((id) => !failures.has(id));
    if (unlisted.length + stale.length === 0) return;
    const shown = unlisted.slice(0, 20).map(([id, why]) => `${id}: ${why}`);
    throw new Error(
      `${unlisted.length} cases fail without being listed as exceptions:\n${shown.join("\n")}\n` +
        `${stale.length} listed exceptions pass (remove them): ${stale.slice(0, 20).join(", ")}`,
    );
  });
}

async function failuresOf<C extends GoldenCase>(
  cases: readonly C[],
  judge: (recorded: C) => Promise<Verdict> | Verdict,
  concurrency: number,
): Promise<Map<string, string>> {
  const failures = new Map<string, string>();
  const left = [...cases];
  const judgeNext = async (): Promise<void> => {
    for (let recorded = left.shift(); recorded; recorded = left.shift()) {
      try {
        const verdict = await judge(recorded);
        if (verdict !== undefined) failures.set(recorded.id, verdict);
      } catch (thrown) {
        failures.set(
          recorded.id,
          thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
        );
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, judgeNext));
  return failures;
}

function percent(part: number, whole: number): string {
  return ((100 * part) / whole).toFixed(1);
}
