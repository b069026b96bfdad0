// What a reverse proxy of a few lines on node:http costs: the price of not having an engine of one's own.
import { Agent, createServer, request as send } from "node:http";

const [port, appPort] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true });

createServer((request, response) => {
  const { method, url: path, headers } = request;
  const outgoing = send({ host: "127.0.0.1", port: appPort, method, path, headers, agent }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on("error", () => response.destroy());
  request.pipe(outgoing);
}).listen({ host: "127.0.0.1", port, backlog: 4096 });
