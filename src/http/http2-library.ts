import type * as Http2 from "node:http2";

/** Error codes of RFC 9113 §7 that are used here. */
export const NO_ERROR = 0;
export const INTERNAL_ERROR = 2;
export const REFUSED_STREAM = 7;
export const CANCEL = 8;

export const ERROR_NAMES: readonly string[] = [
  ..."NO_ERROR PROTOCOL_ERROR INTERNAL_ERROR FLOW_CONTROL_ERROR SETTINGS_TIMEOUT STREAM_CLOSED".split(" "),
  ..."FRAME_SIZE_ERROR REFUSED_STREAM CANCEL COMPRESSION_ERROR CONNECT_ERROR ENHANCE_YOUR_CALM".split(" "),
  ..."INADEQUATE_SECURITY HTTP_1_1_REQUIRED".split(" "),
];

/** Flag of a frame: nothing follows on this stream. */
export const FLAG_END_STREAM = 1;

let library: typeof Http2 | undefined;

/** Loading it costs 13 MB and 20 ms, which only those shall pay who speak HTTP/2. */
export function http2Library(): typeof Http2 {
  library ??= process.getBuiltinModule("node:http2");
  return library;
}

/**
 * Node ends an open stream properly before it resets it, and the other side would take a broken message for a complete
 * one. Here nothing but the reset is sent.
 */
export function resetStream(stream: Http2.Http2Stream, code: number): void {
  if (!stream.writableEnded) stream._final = (done) => done();
  stream.close(code);
}
