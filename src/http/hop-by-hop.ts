import { HeaderBlock, isName, kindsOf } from "./header-block.ts";

/**
 * The fields that go on to the next hop (RFC 9110 §7.6.1): a new block, without those that speak of one connection
 * and those that Connection lists. `Upgrade` stays only where Connection asks for it, and never to h2c, which RFC 9113
 * has given up: a tunnel of requests that nobody looks into. `TE: trailers` stays.
 * hot path: see bench/micro/forward.ts
 */
export function endToEndHeaders(headers: HeaderBlock): HeaderBlock {
  if (!headers.mayHaveAny(HOP_BY_HOP_KINDS)) return headers.copy();
  const flat = headers.flat;
  const kept: string[] = [];
  let listed: string[] | undefined;
  for (let index = 0; index < flat.length; index += 2) {
    if (isConnection(flat[index] as string)) listed = optionsOf(flat[index + 1] as string, listed);
  }
  for (let index = 0; index < flat.length; index += 2) {
    const name = flat[index] as string;
    const value = flat[index + 1] as string;
    if (isHopByHop(name, value, listed)) continue;
    kept.push(name, value);
  }
  return new HeaderBlock(kept);
}

/** For HeaderBlock.mayHaveAny: a block without these kinds has nothing that stays behind. */
export const HOP_BY_HOP_KINDS = kindsOf([
  "te",
  "upgrade",
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "proxy-authenticate",
  "proxy-authorization",
]);

const H2C = /(?:^|[\s,])h2c(?:$|[\s,])/i;

function isConnection(name: string): boolean {
  return name.length === 10 && isName(name, "connection");
}

function optionsOf(value: string, sofar: string[] | undefined): string[] | undefined {
  // Keep-Alive goes anyway; most servers say nothing else.
  if (value === "keep-alive") return sofar;
  const options = sofar ?? [];
  for (const option of value.split(",")) options.push(option.trim().toLowerCase());
  return options;
}

function isHopByHop(name: string, value: string, listed: string[] | undefined): boolean {
  switch (name.length) {
    case 2:
      if (isName(name, "te")) return !/(?:^|,)\s*trailers\s*(?:$|,)/i.test(value);
      break;
    case 7:
      if (isName(name, "upgrade")) return value === "" || !listed?.includes("upgrade") || H2C.test(value);
      break;
    case 10:
      if (isName(name, "connection") || isName(name, "keep-alive")) return true;
      break;
    case 16:
      if (isName(name, "proxy-connection")) return true;
      break;
    case 17:
      if (isName(name, "transfer-encoding")) return true;
      break;
    case 18:
      if (isName(name, "proxy-authenticate")) return true;
      break;
    case 19:
      if (isName(name, "proxy-authorization")) return true;
      break;
  }
  // A sender cannot have what a message consists of removed.
  if (listed === undefined || isName(name, "host") || isName(name, "content-length")) return false;
  return listed.includes(name.toLowerCase());
}
