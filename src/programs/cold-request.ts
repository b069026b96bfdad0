import { setTimeout as pause } from "node:timers/promises";
import type { Timeline } from "../api/wire/hosting.ts";
import { systemClock as clock } from "../base/clock.ts";
import { EbbError } from "../base/errors.ts";
import { httpFetch } from "../http/fetch.ts";
import { HeaderBlock } from "../http/header-block.ts";
import { systemNetwork } from "../http/network.ts";
import type { Ebb } from "./library.ts";

const ANSWER_LIMIT_MS = 120_000;

/** Asks a service at zero once; gives its answer and the timeline of the wait. */
export async function coldRequest(
  ebb: Ebb,
  url: string,
): Promise<{ timeline: Timeline; ms: number; body: string }> {
  const told = new Promise<Timeline>((resolve) => {
    const stop = ebb.onColdRequest((timeline) => {
      stop();
      resolve(timeline);
    });
  });
  const { hostname, port } = new URL(url);
  const sentMs = clock.monotonic();
  const answer = await httpFetch(
    { network: systemNetwork(clock), clock },
    {
      address: { ip: "127.0.0.1", port: Number(port || 80) },
      target: "/",
      headers: new HeaderBlock(["Host", hostname]),
      timeoutMs: ANSWER_LIMIT_MS,
    },
  );
  const ms = clock.monotonic() - sentMs;
  const body = answer.body.toString();
  if (answer.status !== 200) throw new EbbError("wrong-answer", `${url} answered ${answer.status}: ${body}`);
  const timeline = await Promise.race([told, pause(5_000, undefined)]);
  if (!timeline)
    throw new EbbError("no-timeline", "the cold request was answered but its timeline never came");
  return { timeline, ms, body };
}
