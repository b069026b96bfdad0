// Opens connections, has one request answered on each, and keeps them open and idle until stdin ends.
//   node idle-connections.mjs PORT HOST COUNT
import { connect } from "node:net";

const [port, host, count] = process.argv.slice(2).map((value, at) => (at === 1 ? value : Number(value)));
const sockets = [];

function openOne() {
  return new Promise((answered, failed) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("error", failed);
    socket.once("data", answered);
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    sockets.push(socket);
  });
}

// One after the other on eight lanes: what is measured is not how fast they can be opened.
let left = count;
const lane = async () => {
  while (left-- > 0) await openOne();
};
await Promise.all(Array.from({ length: 8 }, lane));
console.log("open");
process.stdin.resume();
process.stdin.on("end", () => process.exit());
