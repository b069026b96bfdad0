import { createServer } from "node:net";

/** What to bind for "every address of this machine": `::`, which takes IPv4 too, or 0.0.0.0 where there is no IPv6. */
export function anyAddress(): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve("0.0.0.0"));
    server.listen({ host: "::", port: 0 }, () => {
      server.close(() => resolve("::"));
    });
  });
}
