import * as wire from "../../api/wire/headers.ts";
import { Cancel } from "../../base/cancel.ts";
import type { Clock } from "../../base/clock.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import type { BodySource } from "../../http/message.ts";
import { bytesBody } from "../../http/responses.ts";
import type { Upstream } from "../../http/upstream.ts";
import { addressText, type Backend, type UpstreamFor } from "../backend.ts";

/**
 * `refused`: the queue-proxy itself said no. `hidden`: nobody answered, or with 502 or 503, as the sidecar of a mesh
 * does that lets nobody reach a pod directly (spec T-033).
 */
export type ProbeOutcome = "passed" | "refused" | "hidden";

export interface ProbeAttemptOptions {
  readonly clock: Clock;
  readonly upstreamFor: UpstreamFor;
  /** One probe may take this long (spec TM-010: 300 ms). */
  readonly timeoutMs: number;
}

/** One pod probe (spec H-007, H-008), given up when `signal` aborts. */
export async function attemptProbe(
  { clock, upstreamFor, timeoutMs }: ProbeAttemptOptions,
  backend: Backend,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const cancel = new Cancel();
  const onAbort = () => cancel.raise(new Error("nobody wants to know any more"));
  signal.addEventListener("abort", onAbort);
  const timer = clock.schedule(timeoutMs, () => cancel.raise(new Error("the probe took too long")));
  try {
    return await ask(upstreamFor(backend), backend, cancel);
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
  }
}

/** The answer must be 200 with exactly the body `queue`. */
function ask(upstream: Upstream, backend: Backend, cancel: Cancel): Promise<ProbeOutcome> {
  const headers = new HeaderBlock(["Host", addressText(backend)]);
  headers.append("User-Agent", wire.USER_AGENT_ACTIVATOR);
  headers.append("K-Network-Probe", wire.PROBE_QUEUE);
  const head = { method: "GET", target: "/healthz", version: "1.1" as const, headers };
  return new Promise((resolve) => {
    cancel.onRaise(() => resolve("hidden"));
    const body = bytesBody(new Uint8Array(0));
    upstream.send(
      { head, body, cancel },
      {
        interim() {},
        response: (answer, source) => {
          void textOf(source).then((text) => resolve(outcomeOf(answer.status, text)));
        },
        upgraded: (_head, conn) => {
          conn.reset();
          resolve("refused");
        },
        failed: () => resolve("hidden"),
      },
    );
  });
}

function outcomeOf(status: number, text: string | undefined): ProbeOutcome {
  if (status === 200 && text === wire.PROBE_QUEUE) return "passed";
  return status === 502 || status === 503 ? "hidden" : "refused";
}

/** Longer than any answer that can be right. */
const ANSWER_BYTES_MAX = 64;

/** The whole body, or undefined when it is too long or breaks off. */
function textOf(source: BodySource): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    source.start({
      data(chunk) {
        bytes += chunk.length;
        chunks.push(Buffer.from(chunk));
        if (bytes <= ANSWER_BYTES_MAX) return;
        source.abandon();
        resolve(undefined);
      },
      end: () => resolve(Buffer.concat(chunks).toString("latin1")),
      fail: () => resolve(undefined),
    });
    source.credit(ANSWER_BYTES_MAX + 1);
  });
}
