import { networkInterfaces } from "node:os";

/** What to bind for "every address of this machine": `::`, which takes IPv4 too, or 0.0.0.0 where there is no IPv6. */
export function anyAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.some(({ family }) => family === "IPv6") ? "::" : "0.0.0.0";
}
