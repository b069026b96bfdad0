import { connect } from "node:net";

/** Stands at the end of an answer after which the server neither sent nor closed. */
export const TIMEOUT = "\nTIMEOUT";

const QUIET_MS = 1_500;

/** Sends bytes on a connection of their own and half-closes it; resolves with all that came back. Both are latin1. */
export function answerTo(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (data: string) => {
      text += data;
    });
    socket.on("error", () => {
      // A server may well reset such a connection; what it said before counts.
    });
    socket.setTimeout(QUIET_MS, () => {
      text += TIMEOUT;
      socket.destroy();
    });
    socket.on("close", () => resolve(text));
    socket.end(bytes, "latin1");
  });
}
