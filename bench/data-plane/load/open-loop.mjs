// Sends requests at a fixed rate, whatever the answers do; a late answer delays nobody's start. Latency counts from the
// moment at which a request was due. wrk and h2load cannot do that. Prints one line of JSON.
//   node open-loop.mjs PORT HOST RATE SECONDS CONNECTIONS
import { connect } from "node:net";

const [port, host, rate, seconds, connections] = process.argv
  .slice(2)
  .map((value, at) => (at === 1 ? value : Number(value)));
const request = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const total = rate * seconds;
const latencies = new Float64Array(total);
const free = [];
const waiting = [];
let [next, done, lateMs] = [0, 0, 0];

/** One connection with one request at a time; answers have a Content-Length. */
class Lane {
  constructor() {
    this.text = "";
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.socket.setEncoding("latin1");
    this.socket.on("data", (text) => this.data(text));
    this.socket.on("error", (error) => fail(error.message));
    this.socket.on("close", () => done < total && fail("a connection was closed"));
  }

  send(dueMs) {
    this.dueMs = dueMs;
    this.socket.write(request);
  }

  data(text) {
    this.text += text;
    const end = this.text.indexOf("\r\n\r\n");
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.text)?.[1];
    if (end < 0 || this.text.length < end + 4 + Number(length)) return;
    if (!this.text.startsWith("HTTP/1.1 200")) fail(this.text.slice(0, 100));
    this.text = "";
    latencies[done++] = performance.now() - this.dueMs;
    if (done === total) report();
    if (waiting.length > 0) this.send(waiting.shift());
    else free.push(this);
  }
}

function fail(why) {
  console.error(`open-loop: ${why}`);
  process.exit(1);
}

function report() {
  const sorted = latencies.toSorted();
  const at = (share) => sorted[Math.min(total - 1, Math.floor(share * total))];
  console.log(
    JSON.stringify({
      requests: total,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      p999Ms: at(0.999),
      generatorLateMs: lateMs,
    }),
  );
  process.exit();
}

const lanes = Array.from({ length: connections }, () => new Lane());
await Promise.all(lanes.map(({ socket }) => new Promise((open) => socket.once("connect", open))));
free.push(...lanes);
const startMs = performance.now() + 5;

/** Every millisecond: whatever is due by now. */
function tick() {
  const nowMs = performance.now();
  for (; next < total; next++) {
    const dueMs = startMs + (next * 1000) / rate;
    if (dueMs > nowMs) break;
    lateMs = Math.max(lateMs, nowMs - dueMs);
    const lane = free.pop();
    if (lane) lane.send(dueMs);
    else waiting.push(dueMs);
  }
  if (next < total) setTimeout(tick, 1);
}
tick();
