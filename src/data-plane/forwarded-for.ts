import type { HeaderBlock } from "../http/header-block.ts";

/**
 * Adds the peer to X-Forwarded-For, repeated lines joined (errata Q-019). A hop inside this process has no address and
 * leaves no trace. Fields that the client's Connection line names go first, so that it cannot have ours removed.
 */
export function appendPeer(headers: HeaderBlock, peerAddress: string): void {
  dropNamedByConnection(headers);
  if (peerAddress === "") return;
  const before = headers.all("x-forwarded-for");
  headers.set("X-Forwarded-For", before.length === 0 ? peerAddress : `${before.join(", ")}, ${peerAddress}`);
}

const CONNECTION_OPTIONS = new Set(["close", "keep-alive", "upgrade", "te", ""]);

function dropNamedByConnection(headers: HeaderBlock): void {
  const connection = headers.get("connection");
  if (connection === undefined) return;
  const options = headers
    .all("connection")
    .flatMap((line) => line.split(","))
    .map((option) => option.trim());
  const named = options.filter((option) => !CONNECTION_OPTIONS.has(option.toLowerCase()));
  if (named.length === 0) return;
  for (const name of named) if (name.toLowerCase() !== "host") headers.delete(name.toLowerCase());
  headers.set("Connection", options.filter((option) => !named.includes(option)).join(", "));
}
