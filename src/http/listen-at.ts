import net, { type Server } from "node:net";

export interface ListenPlace {
  /** An IP address; `::` = every address of this machine. */
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly backlog?: number;
}

const EVERY_ADDRESS = "::";
const BACKLOG = 511;
/** Since Node 26.4. */
const { BoundSocket } = net as Partial<typeof net>;

/**
 * `server.listen` without what Node does for a host's name: it loads its resolver and compiles its pattern for IPv6
 * addresses twice, 10 ms and more of a start. Errors reach the server's listeners, as those of `listen` do.
 */
export function listenAt(
  server: Server,
  { host, port, backlog = BACKLOG }: ListenPlace,
  told: () => void,
): void {
  if (host === EVERY_ADDRESS) return void server.listen({ port, backlog }, told);
  if (!BoundSocket) return void server.listen({ host, port, backlog }, told);
  try {
    server.listen(new BoundSocket({ host, port }), backlog, told);
  } catch (thrown) {
    queueMicrotask(() => server.emit("error", thrown));
  }
}
