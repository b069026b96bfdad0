// A gRPC application over HTTP/2 without TLS: every unary call gets the same message and status 0 in its trailers.
//   PORT=… node grpc-app.mjs
import { createServer } from "node:http2";

const MESSAGE = Buffer.from([0, 0, 0, 0, 5, 10, 3, 97, 98, 99]);
const server = createServer();
server.on("stream", (stream) => {
  stream.on("error", () => stream.destroy());
  // A load generator that has had enough closes its streams at any time.
  stream.on("wantTrailers", () => stream.destroyed || stream.sendTrailers({ "grpc-status": "0" }));
  stream.resume();
  stream.on("end", () => {
    if (stream.destroyed) return;
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.end(MESSAGE);
  });
});
server.listen(Number(process.env.PORT), "127.0.0.1");
