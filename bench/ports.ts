import { createServer } from "node:net";

/**
 * Below the ports that systems give to outgoing connections: whoever asks a port of that range until somebody listens
 * may be given the same port for itself and meet nobody but itself. Below the engine's own (from 20000), too.
 */
const FIRST_PORT = 10_000;
const PORT_COUNT = 10_000;
let next = process.pid % PORT_COUNT;

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < PORT_COUNT; tries++) {
    const port = FIRST_PORT + (next++ % PORT_COUNT);
    if (await canListen(port)) return port;
  }
  throw new Error(`no port from ${FIRST_PORT} to ${FIRST_PORT + PORT_COUNT - 1} of 127.0.0.1 is free`);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
  });
}
