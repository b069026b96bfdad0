import { createServer } from "node:http";

const target = process.env.TARGET ?? "World";
const server = createServer((_request, response) => response.end(`Hello ${target}!\n`));
server.listen(Number(process.env.PORT ?? 8080));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
