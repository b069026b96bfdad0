/** Recorded cases that ebb answers otherwise, each with its reason. */

/** What allows the difference. */
export type Allowance =
  /** The recording marks the case as an oddity that nobody need copy. */
  | "quirk"
  /** The corrections of the specification say that it is not to be copied, or that better is allowed. */
  | "errata"
  /** What the client or the application sent is malformed, and ebb is the stricter. */
  | "malformed"
  /** None of them: decided for a reason of its own. */
  | "own";

/** Allowance → reason → cases. */
export const CASES: Readonly<Record<Allowance, Readonly<Record<string, string>>>> = {
  quirk: {
    "1xx answers and the final status after them are passed on (errata Q-010, do not copy)":
      "answer-103 answer-104 answer-106 answer-107 answer-108 answer-109 answer-112 answer-113",
    "a null probe is never ready, its health checks are answered (errata H-002)": "ready-143",
    "a request that timed out counts as 504, not as 200 (errata Q-063)": "prom-007",
    "a status below 100 is answered 502, as any broken head is": "answer-064 backend-027",
    "an early answer is not held back until the request's body has come (errata Q-047)":
      "timeout-014 timeout-029 timeout-044",
    "an empty Host is never sent to the application": "header-017",
    "early bytes and half-close of a tunnel are kept (errata Q-017, do not copy)": "upgrade-004 upgrade-008",
    "the recorded separator is a slip (errata Q-018)": "fwd-021 fwd-022",
  },
  errata: {
    "a half-closed client gets its answer (errata Q-014, do not copy)": "http-038",
    "an answer with a length is flushed as it comes, so its head is seen before a break (errata Q-013: better)":
      "answer-098 backend-019 backend-052",
    "the request log has the status of a broken answer that its client saw (errata Q-013)": "log-012",
    "an upgraded connection is not ended by response-start, and its traffic counts for idle (serving#16169)":
      "timeout-026 timeout-059",
  },
  malformed: {
    "a broken chunked body is the client's fault: 400 at once instead of 502 with Go's text":
      "bad-094 bad-095 bad-096 bad-097 bad-098 bad-099 bad-104 bad-106 bad-108",
    "a forbidden field is a stream error as RFC 9113 §8.2.2 wants, not a page of text": "h2-032",
    "malformed or doubtful requests are refused":
      "bad-020 bad-025 bad-026 bad-041 bad-056 bad-057 bad-058 bad-059 bad-065 bad-066 http-007",
    "the application's status line or head is malformed and refused": "backend-023 backend-031 backend-033",
  },
  own: {
    "CONNECT is refused: an application behind a route is no way into the network": "h2-034",
    // Node's HTTP/2 cannot begin with a stream that was asked for in HTTP/1.1 (nghttp2_session_upgrade is not there).
    "an Upgrade to h2c is ignored: given up by RFC 9113 §3.1, and behind proxies it smuggles requests":
      "upgrade-021",
    // Go's server waits for up to 256 KiB of it; where the client waits for the answer both hang (Q-016 is the cure).
    "an early answer is not held back until the request's body has come, as in timeout-014": "http-035",
  },
};

export const exceptions: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values(CASES).flatMap((reasons) =>
    Object.entries(reasons).flatMap(([reason, ids]) => ids.split(" ").map((id) => [id, reason])),
  ),
);
