/**
 * Scenarios are text, one step a line, so that an operator can read them:
 *
 *     service hello concurrency=1 start=80ms serve=20ms
 *     wait ready hello
 *     request hello count=20 every=5ms
 *     expect hello answered 20 status=200
 *
 * A step is a verb, plain words and `key=value` options; `#` starts a comment. What the verbs do stands in commands.ts.
 */
export interface Step {
  readonly line: number;
  readonly verb: string;
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

export function parseScenario(text: string): Step[] {
  return text.split("\n").flatMap((raw, index) => {
    const parts = (raw.split("#")[0] as string).trim().split(/\s+/).filter(Boolean);
    const [verb, ...rest] = parts;
    if (verb === undefined) return [];
    const pairs = rest.filter((part) => part.includes("=")).map((part) => part.split(/=(.*)/s).slice(0, 2));
    const words = rest.filter((part) => !part.includes("="));
    return [{ line: index + 1, verb, words, options: Object.fromEntries(pairs) as Record<string, string> }];
  });
}

/** `80ms`, `3s`, `2m` → milliseconds. */
export function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  if (!match) throw new Error(`not a duration: "${text}" (write 80ms, 3s or 2m)`);
  return Number(match[1]) * { ms: 1, s: 1000, m: 60_000 }[match[2] as "ms" | "s" | "m"];
}
