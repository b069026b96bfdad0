// An application that accepts every WebSocket and sends back the bytes that come, frame by frame as they are.
//   PORT=… node websocket-echo.mjs
import { createHash } from "node:crypto";
import { createServer } from "node:http";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const server = createServer((_request, response) => response.end("hello world\n"));
server.on("upgrade", (request, socket, early) => {
  const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${GUID}`).digest("base64");
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  if (early.length > 0) socket.write(early);
  socket.pipe(socket);
});
server.listen(Number(process.env.PORT), "127.0.0.1");
