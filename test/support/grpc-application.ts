/** Sends every message back, upper-cased, and ends with a status and trailers. */
export const GRPC_APPLICATION = `
const http2 = require("node:http2");
const server = http2.createServer();
server.on("stream", (stream, headers) => {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  let left = Buffer.alloc(0);
  stream.on("data", (chunk) => {
    left = Buffer.concat([left, chunk]);
    while (left.length >= 5 && left.length >= 5 + left.readUInt32BE(1)) {
      const end = 5 + left.readUInt32BE(1);
      const text = Buffer.from(left.subarray(5, end).toString().toUpperCase());
      stream.write(Buffer.concat([left.subarray(0, 5), text]));
      left = left.subarray(end);
    }
  });
  stream.on("end", () => stream.end());
  stream.on("error", () => {});
  const fails = headers[":path"].endsWith("/Fail");
  stream.on("wantTrailers", () =>
    stream.sendTrailers({
      "grpc-status": fails ? "9" : "0",
      "grpc-message": fails ? "not now" : "",
      "x-echo": String(headers["x-sent"]),
    }),
  );
});
server.listen(process.env.PORT);
process.on("SIGTERM", () => process.exit(0));
`;
