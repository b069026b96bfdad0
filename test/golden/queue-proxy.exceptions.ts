/** Recorded cases that ebb answers otherwise, each with its reason. */

/** Reason → cases. */
const CASES: Readonly<Record<string, string>> = {
  "1xx answers and the final status after them are passed on (errata Q-010, do not copy)":
    "answer-103 answer-104 answer-106 answer-107 answer-108 answer-109 answer-112 answer-113",
  "CONNECT is refused: an application behind a route is no way into the network": "h2-034",
  "an Upgrade to h2c is ignored: given up by RFC 9113 §3.1, and behind proxies it smuggles requests":
    "upgrade-021",
  "a break inside a body is shown to the client as such, with what came before it (errata Q-013, Q-014)":
    "answer-064 answer-098 backend-019 backend-027 backend-052",
  "a broken chunked body is the client's fault: 400 at once instead of 502 with Go's text":
    "bad-094 bad-095 bad-096 bad-097 bad-098 bad-099 bad-104 bad-106 bad-108",
  "a forbidden field is a stream error as RFC 9113 §8.2.2 wants, not a page of text": "h2-032",
  "a half-closed client gets its answer (errata Q-014, do not copy)": "http-038",
  "a null probe is never ready, its health checks are answered (errata H-002)": "ready-143",
  "a request that timed out counts as 504, not as 200 (errata Q-063)": "prom-007",
  // Go's server waits for up to 256 KiB of it; where the client waits for the answer both hang (Q-016 is the cure).
  "an early answer is not held back until the request's body has come (quirk of timeout-014, errata Q-047)":
    "http-035 timeout-014 timeout-029 timeout-044",
  "an empty Host is never sent to the application (recorded as a quirk)": "header-017",
  "an upgraded connection is not ended by response-start, and its traffic counts for idle (serving#16169)":
    "timeout-026 timeout-059",
  "early bytes and half-close of a tunnel are kept (errata Q-017, do not copy)": "upgrade-004 upgrade-008",
  "flushed earlier than Knative does (errata Q-013)": "answer-097",
  "malformed or doubtful requests are refused, stricter than Go":
    "bad-020 bad-025 bad-026 bad-041 bad-056 bad-057 bad-058 bad-059 bad-065 bad-066 http-007",
  "request log: a broken answer keeps the status that was sent": "log-012",
  "the application's status line or head is malformed and refused: stricter than Go":
    "backend-023 backend-031 backend-033",
  "the recorded separator is a slip (errata Q-018)": "fwd-021 fwd-022",
};

export const exceptions: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(CASES).flatMap(([reason, ids]) => ids.split(" ").map((id) => [id, reason])),
);
