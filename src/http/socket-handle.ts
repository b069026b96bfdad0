import { type Server, Socket } from "node:net";

/**
 * The one place that reaches behind Node's public names. A listening socket is passed on as its bare handle, because a
 * net.Server that is sent is accepted from by every process on its way; and an accepted connection is moved to a socket
 * that reads into a buffer of ours, which Node's option `onread` offers only to those that connect.
 */
interface Inside {
  _handle: unknown;
  _server: Server;
}

const insideOf = (owner: object) => owner as Inside;

/** What Node's IPC can carry. */
export function handleOf(server: Server): unknown {
  return insideOf(server)._handle;
}

export interface OwnReads {
  /** Asked for at the start and after each read: what is read into next. */
  readonly buffer: () => Uint8Array;
  readonly callback: (size: number, buffer: Uint8Array) => boolean;
}

/** The accepted connection as a socket that reads by `onread`, paused; undefined where that cannot be had. */
export function readingInto(accepted: Socket, server: Server, onread: OwnReads): Socket | undefined {
  const inside = insideOf(accepted);
  const handle = inside._handle;
  // Gone again, or a Node that is built otherwise: the plain socket does the same at a higher price.
  if (typeof (handle as { useUserBuffer?: unknown } | null)?.useUserBuffer !== "function") return undefined;
  inside._handle = null;
  const own = new Socket({ handle, onread, allowHalfOpen: true, manualStart: true } as object);
  insideOf(own)._server = server;
  return own;
}
