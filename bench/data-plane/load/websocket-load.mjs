// Masked frames of 64 bytes on many WebSockets, each sent when the one before it has come back. Prints JSON.
//   node websocket-load.mjs PORT HOST SECONDS CONNECTIONS
import { connect } from "node:net";

const [port, host, seconds, connections] = process.argv
  .slice(2)
  .map((value, at) => (at === 1 ? value : Number(value)));
const HANDSHAKE =
  `GET / HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const FRAME = Buffer.concat([Buffer.from([0x82, 0x80 | 64, 1, 2, 3, 4]), Buffer.alloc(64, "x")]);

const latencies = [];

function open() {
  return new Promise((opened, failed) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.once("error", failed);
    socket.once("data", (head) => {
      if (!head.toString("latin1").startsWith("HTTP/1.1 101")) failed(new Error(head.toString("latin1")));
      opened(socket);
    });
    socket.write(HANDSHAKE);
  });
}

function playPingPong(socket) {
  let got = 0;
  let sentMs = performance.now();
  socket.on("data", (bytes) => {
    got += bytes.length;
    if (got < FRAME.length) return;
    got -= FRAME.length;
    const nowMs = performance.now();
    latencies.push(nowMs - sentMs);
    sentMs = nowMs;
    socket.write(FRAME);
  });
  socket.write(FRAME);
}

const sockets = await Promise.all(Array.from({ length: connections }, open));
for (const socket of sockets) playPingPong(socket);
setTimeout(() => {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  console.log(
    JSON.stringify({ requests: sorted.length, seconds, p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999) }),
  );
  process.exit();
}, seconds * 1000);
