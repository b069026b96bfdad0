import { HeaderBlock } from "../http/header-block.ts";
import type { Exchange, Handler } from "../http/message.ts";
import { respondWith } from "../http/responses.ts";
import { respondWithError } from "./error-answer.ts";

/** A handler for each path of a small server; other paths are 404, paths with `//` or `..` are redirected, as in Go. */
export function routes(handlers: Readonly<Record<string, Handler>>): Handler {
  return (exchange) => {
    const [path = "", query] = exchange.request.target.split("?", 2);
    const clean = cleanPath(path);
    if (clean !== path) redirect(exchange, query === undefined ? clean : `${clean}?${query}`);
    else if (Object.hasOwn(handlers, path)) handlers[path]?.(exchange);
    else respondWithError(exchange, { status: 404, code: "not-found", text: "404 page not found" });
  };
}

function redirect(exchange: Exchange, location: string): void {
  const headers = new HeaderBlock(["Location", location]);
  const { method } = exchange.request;
  if (method !== "GET" && method !== "HEAD") {
    respondWith(exchange, { status: 307, headers });
    return;
  }
  headers.append("Content-Type", "text/html; charset=utf-8");
  const shown = location.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&#34;");
  respondWith(exchange, { status: 307, headers, body: `<a href="${shown}">Temporary Redirect</a>.\n\n` });
}

/** Without empty, `.` and `..` segments; a slash at the end stays. */
function cleanPath(path: string): string {
  if (!path.startsWith("/") || !/\/(?:\/|\.\.?(?:\/|$))/.test(path)) return path;
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  const end = /\/\.{0,2}$/.test(path) && kept.length > 0 ? "/" : "";
  return `/${kept.join("/")}${end}`;
}
