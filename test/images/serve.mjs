import { createServer } from "node:http";

/** Listens where the engine says, else at Knative's own port; finishes what is under way when told to stop. */
export function serve(listener, port = process.env.PORT ?? "8080") {
  const server = createServer(listener);
  server.keepAliveTimeout = 0;
  server.listen(Number(port));
  process.once("SIGTERM", () => server.close(() => process.exit(0)));
  return server;
}

/** The parameters behind `?`. */
export function query(request) {
  return new URL(request.url, "http://localhost").searchParams;
}

export function answer(response, status, text) {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(text);
}
