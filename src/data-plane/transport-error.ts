import type { UpstreamError } from "../http/upstream.ts";

/** What Knative's proxies answer with 502 when the next hop failed: the words of Go's transport (spec Q-014, T-013). */
export function transportErrorText(error: UpstreamError, address: string): string {
  switch (error.failure) {
    case "refused":
      return `dial tcp ${address}: connect: connection refused`;
    case "dial-timeout":
      return `dial tcp ${address}: i/o timeout`;
    case "closed":
      return error.message === "unexpected EOF" ? error.message : "EOF";
    case "malformed":
      if (error.message.startsWith("http2: ")) return error.message;
      return `net/http: HTTP/1.x transport connection broken: ${error.message}`;
    default:
      return error.message;
  }
}

/** What the metrics say of such an error: its type in Go's words (`error.type`), or the status that led to it. */
export function goOutcome(error: UpstreamError): string | number {
  if (error.failure === "upgrade") return 101;
  if (error.failure === "malformed" && !error.message.startsWith("http2: ")) return "fmt.wrapError";
  const isSocketError =
    error.failure === "refused" || error.failure === "dial-timeout" || error.failure === "reset";
  return isSocketError ? "net.OpError" : "errors.errorString";
}
