/** What one peer may make the engine hold or read. Beyond: 431 or 413 and the connection is closed. */
export interface HttpLimits {
  /** The whole head, start line included, in bytes (Go: 1 MiB). */
  readonly headBytesMax: number;
  /** Unfinished heads of all connections of a server together, those of up to 4 KiB not counted in; beyond: 503. */
  readonly unfinishedHeadBytesMax: number;
  /** Generous because the bytes are bounded already. */
  readonly headerCountMax: number;
  /** The line that announces a chunk, extensions included, in bytes. */
  readonly chunkLineBytesMax: number;
  /** Bytes of body (and of pipelined requests) read before anyone asks for them (DESIGN §4, held requests). */
  readonly heldBodyBytesMax: number;
  /** Requests of HTTP/2 with a body that nobody reads yet, on all connections of a server together; beyond: refused. */
  readonly unreadHttp2BodiesMax: number;
  /** Connections of HTTP/2 at a time whose streams may send ahead 256 KiB instead of the 64 KiB that all begin with. */
  readonly wideHttp2Max: number;
  /** From the first byte of a head to its last (spec Q-015). */
  readonly headTimeoutMs: number;
  /** A kept-alive connection without a request is closed after this time. */
  readonly idleTimeoutMs: number;
  /** Unread request body that is thrown away after an early answer to keep the connection; beyond it is closed. */
  readonly discardBytesMax: number;
  /** How long a closing connection is still read, so that the client gets its answer and no RST. */
  readonly lingerMs: number;
}

export const DEFAULT_LIMITS: HttpLimits = {
  headBytesMax: 1024 * 1024,
  unfinishedHeadBytesMax: 64 * 1024 * 1024,
  headerCountMax: 20_000,
  chunkLineBytesMax: 1024,
  heldBodyBytesMax: 16 * 1024,
  unreadHttp2BodiesMax: 4_096,
  wideHttp2Max: 256,
  headTimeoutMs: 60_000,
  idleTimeoutMs: 180_000,
  discardBytesMax: 256 * 1024,
  lingerMs: 1_000,
};
