import type { HeaderBlock } from "../header-block.ts";

/** Which trace a request belongs to: W3C's traceparent, else B3's headers (spec Q-067). Pure. */
export interface TraceContext {
  /** 32 small hex digits. */
  readonly traceId: string;
  /** 16 small hex digits: the caller's span. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

export function contextOf(headers: HeaderBlock): TraceContext | undefined {
  return w3cContext(headers.get("traceparent")) ?? b3Context(headers);
}

/** Version ff is invalid; of later versions only the known part is read. */
function w3cContext(text: string | undefined): TraceContext | undefined {
  const [, version, traceId = "", spanId = "", flags = "", rest] = TRACEPARENT.exec(text ?? "") ?? [];
  if (version === undefined || version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  return checked(traceId, spanId, (Number.parseInt(flags, 16) & 1) === 1);
}

/** The single header, else the four; ids of 64 bits are padded. Nothing said of sampling = not recorded. */
function b3Context(headers: HeaderBlock): TraceContext | undefined {
  const single = headers.get("b3")?.split("-");
  const [traceId, spanId, sampled] = single ?? [
    headers.get("x-b3-traceid"),
    headers.get("x-b3-spanid"),
    headers.get("x-b3-flags") === "1" ? "d" : headers.get("x-b3-sampled"),
  ];
  if (traceId === undefined || spanId === undefined) return undefined;
  if (!/^(?:[0-9a-f]{16}){1,2}$/i.test(traceId) || !/^[0-9a-f]{16}$/i.test(spanId)) return undefined;
  const isSampled = sampled === "1" || sampled === "d" || sampled === "true";
  return checked(traceId.toLowerCase().padStart(32, "0"), spanId.toLowerCase(), isSampled);
}

function checked(traceId: string, spanId: string, isSampled: boolean): TraceContext | undefined {
  return /^0+$/.test(traceId) || /^0+$/.test(spanId) ? undefined : { traceId, spanId, isSampled };
}

/** The next hop's caller is `context`. B3's headers are set where the caller used them. */
export function setContext(headers: HeaderBlock, { traceId, spanId, isSampled }: TraceContext): void {
  const flag = isSampled ? "1" : "0";
  headers.set("Traceparent", `00-${traceId}-${spanId}-0${flag}`);
  if (headers.has("b3")) headers.set("B3", `${traceId}-${spanId}-${flag}`);
  if (!headers.has("x-b3-traceid")) return;
  headers.set("X-B3-Traceid", traceId);
  headers.set("X-B3-Spanid", spanId);
  headers.set("X-B3-Sampled", flag);
}

/** The same answer for a trace everywhere: the last 63 bits of its id against the rate, as OpenTelemetry's samplers. */
export function isChosen(traceId: string, samplingRate: number): boolean {
  if (samplingRate >= 1) return true;
  const bits = BigInt(`0x${traceId.slice(16)}`) >> 1n;
  return Number(bits) < samplingRate * 2 ** 63;
}
