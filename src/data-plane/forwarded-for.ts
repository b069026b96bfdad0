import type { HeaderBlock } from "../http/header-block.ts";

/**
 * Adds the peer to X-Forwarded-For, repeated lines joined (errata Q-019). A hop inside this process has no address and
 * leaves no trace.
 */
export function appendPeer(headers: HeaderBlock, peerAddress: string): void {
  if (peerAddress === "") return;
  const before = headers.all("x-forwarded-for");
  headers.set("X-Forwarded-For", before.length === 0 ? peerAddress : `${before.join(", ")}, ${peerAddress}`);
}
