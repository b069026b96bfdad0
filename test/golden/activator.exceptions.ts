/** Recorded cases that ebb's activator answers otherwise, each with its reason. */

interface Scoped {
  readonly id: string;
  readonly phase?: string;
  readonly revision?: { readonly protocol?: string };
}

/** Why a case cannot even be run yet; undefined when it can. */
export function outOfScope(recorded: Scoped): string | undefined {
  if (recorded.phase === "websocket") return "the stat link is the program's";
  if (recorded.id === "concurrency-020")
    return "more waiting requests than ebb's bound; refused with 503 at once";
  if (recorded.id === "health-012") return "ending after a signal is the program's";
  return undefined;
}

/** Reason → cases. */
const CASES: Readonly<Record<string, string>> = {
  "a break inside a body is shown to the client with what came before it": "answer-022",
  "a request that reached nobody waits for another pod instead of failing": "fail-007 fail-008 fail-009",
  "deleted Endpoints take their pods with them (errata T-028, do not copy)": "change-006",
  "flushed earlier than Knative does (errata T-012)": "timeout-003 timeout-006",
  "not the library's: stat link, signals": "health-012 health-013",
  "requests of a deleted revision are ended at once (spec T-026)": "hold-012",
  "the count of the recording includes a request of its own": "change-003",
  "waiting requests are bounded (errata T-013)": "concurrency-020",
};

export const exceptions: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(CASES).flatMap(([reason, ids]) => ids.split(" ").map((id) => [id, reason])),
);
