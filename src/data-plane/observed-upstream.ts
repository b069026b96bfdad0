import type { Conn, ConnHandler } from "../http/conn.ts";
import type { BodySource } from "../http/message.ts";
import type { Upstream } from "../http/upstream.ts";

/** The same upstream; `onWrite` hears of each part of the answer. Only for requests with an idle time-out. */
export function observed(upstream: Upstream, onWrite: () => void): Upstream {
  return {
    send(request, observer) {
      upstream.send(request, {
        interim: (head) => observer.interim(head),
        response: (head, body) => observer.response(head, observedBody(body, onWrite)),
        upgraded: (head, conn) => observer.upgraded(head, observedConn(conn, onWrite)),
        failed: (error) => observer.failed(error),
      });
    },
  };
}

function observedBody(body: BodySource, onWrite: () => void): BodySource {
  return {
    length: body.length,
    start(sink) {
      body.start({
        data(chunk) {
          onWrite();
          sink.data(chunk);
        },
        end: (trailers) => sink.end(trailers),
        fail: (error) => sink.fail(error),
      });
    },
    credit: (bytes) => body.credit(bytes),
    abandon: () => body.abandon(),
  };
}

/** Both directions keep a tunnel alive: a WebSocket that is only written to is in use. */
function observedConn(conn: Conn, onWrite: () => void): Conn {
  const observedHandler = (handler: ConnHandler): ConnHandler => ({
    data(chunk) {
      onWrite();
      handler.data(chunk);
    },
    end: () => handler.end(),
    drain: () => handler.drain(),
    closed: (error) => handler.closed(error),
  });
  return {
    remoteAddress: conn.remoteAddress,
    localAddress: conn.localAddress,
    setHandler: (handler) => conn.setHandler(observedHandler(handler)),
    write(chunk) {
      onWrite();
      return conn.write(chunk);
    },
    end: () => conn.end(),
    reset: () => conn.reset(),
    pause: () => conn.pause(),
    resume: () => conn.resume(),
  };
}
