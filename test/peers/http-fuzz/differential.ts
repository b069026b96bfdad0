import type { Reading } from "./parsers.ts";

/** What two readings of the same bytes say about ebb. */

export interface Readings {
  readonly ebb: Reading;
  readonly llhttp: Reading;
  readonly nginx: Reading | undefined;
}

export interface Difference {
  readonly kind: "more-permissive-than-llhttp" | "more-permissive-than-nginx" | "desync" | "stricter";
  readonly detail: string;
}

export function differences({ ebb, llhttp, nginx }: Readings): Difference[] {
  const found: Difference[] = [];
  for (const [name, other] of [
    ["llhttp", llhttp],
    ["nginx", nginx],
  ] as const) {
    if (other === undefined) continue;
    ebb.requests.forEach((request, index) => {
      const theirs = other.requests[index];
      if (theirs === request) return;
      const detail = `request ${index}: ebb took ${request}, ${name} ${theirs ?? `refused with ${other.status}`}`;
      if (theirs === undefined) found.push({ kind: `more-permissive-than-${name}`, detail });
      else found.push({ kind: "desync", detail });
    });
  }
  const both = llhttp.requests.length > 0 && (nginx === undefined || nginx.requests.length > 0);
  if (ebb.requests.length === 0 && both) {
    found.push({ kind: "stricter", detail: `ebb refused with ${ebb.status} what llhttp and nginx take` });
  }
  return found.slice(0, 1);
}
