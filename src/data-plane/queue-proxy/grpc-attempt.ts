import type { Clock } from "../../base/clock.ts";
import type { Address, Network } from "../../http/conn.ts";
import { type FetchedResponse, httpFetch } from "../../http/fetch.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import { UpstreamError } from "../../http/upstream.ts";
import type { ProbeAction } from "./probe.ts";
import type { AttemptOutcome } from "./probe-run.ts";

export interface GrpcAttemptPorts {
  readonly network: Network;
  readonly clock: Clock;
  readonly locate: (host: string, port: number) => Address;
}

/** The bytes of a gRPC frame in front of its message: compressed or not, and a length of four bytes. */
const FRAME_BYTES = 5;
const SERVING = 1;

/** grpc.health.v1.Health/Check over h2c: ready when the service says SERVING (spec Q-033). */
export async function grpcAttempt(
  ports: GrpcAttemptPorts,
  action: Extract<ProbeAction, { type: "grpc" }>,
  timeoutMs: number,
): Promise<AttemptOutcome> {
  const headers = new HeaderBlock([
    ...["Host", `127.0.0.1:${action.port}`],
    ...["Content-Type", "application/grpc"],
    ...["User-Agent", "kube-probe//"],
    ...["Te", "trailers"],
    ...["Grpc-Accept-Encoding", "gzip"],
    ...["Grpc-Timeout", `${Math.min(Math.ceil(timeoutMs), 99_999_999)}m`],
  ]);
  try {
    const answer = await httpFetch(ports, {
      address: ports.locate("127.0.0.1", action.port),
      method: "POST",
      target: "/grpc.health.v1.Health/Check",
      headers,
      body: checkRequest(action.service),
      streamed: true,
      timeoutMs,
      http2: true,
    });
    return isServing(answer) ? "ready" : "failed";
  } catch (thrown) {
    return thrown instanceof UpstreamError && thrown.failure === "refused" ? "refused" : "failed";
  }
}

/** HealthCheckRequest { service = 1 }; nothing for the empty name. */
function checkRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message =
    name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
  const frame = Buffer.alloc(FRAME_BYTES);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

function isServing({ status, headers, trailers, body }: FetchedResponse): boolean {
  // An answer without a message may have its status in the head.
  const code = trailers?.get("grpc-status") ?? headers.get("grpc-status");
  if (status !== 200 || code !== "0" || body.length < FRAME_BYTES || body[0] !== 0) return false;
  // A call of this kind has one message for an answer.
  const isOne = body.length === FRAME_BYTES + body.readUInt32BE(1);
  return isOne && servingStatus(body.subarray(FRAME_BYTES)) === SERVING;
}

/** Field 1 of HealthCheckResponse; other fields are passed over as long as they are numbers. */
function servingStatus(message: Buffer): number {
  let status = 0;
  for (let at = 0; at < message.length; ) {
    const tag = message[at++] ?? 0;
    if ((tag & 7) !== 0) return 0;
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (tag >> 3 === 1) status = value;
  }
  return status;
}
