import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { connect } from "node:tls";
import { testAuthority } from "../../test/support/certificates.ts";
import { until } from "../../test/support/until.ts";
import { systemClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import type { Exchange } from "../http/message.ts";
import { systemNetwork } from "../http/network.ts";
import { respondWith } from "../http/responses.ts";
import type { TlsIdentity } from "../http/tls-identity.ts";
import { Doors } from "./doors.ts";

/** Doors for https: what comes before they open, and what is left when they close. */

const authority = testAuthority();
const anyPort = { ip: "127.0.0.1", port: 0 };

async function opened(context: TestContext) {
  const doors = new Doors({
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    network: systemNetwork(systemClock),
  });
  context.after(() => doors.close());
  const held: Exchange[] = [];
  const known: { identity?: TlsIdentity } = {};
  const { port } = await doors.listen(
    anyPort,
    (exchange) => void held.push(exchange),
    () => known.identity,
  );
  const client = () => {
    const socket = connect({ host: "127.0.0.1", port, servername: "localhost", ca: authority.certificate });
    context.after(() => socket.destroy());
    return socket;
  };
  return { doors, held, known, client };
}

test("a client that comes before certificates are known shakes hands when the doors open", async (context) => {
  const { doors, known, client } = await opened(context);
  const socket = client();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(socket.authorized, false);
  known.identity = authority.issue(["localhost"]);
  doors.open();
  await once(socket, "secureConnect");
});

test("a request in flight over https is answered by doors that drain, and no connection is left", async (context) => {
  const { doors, held, known, client } = await opened(context);
  known.identity = authority.issue(["localhost"]);
  doors.open();
  const [busy, idle] = [client(), client()];
  await Promise.all([once(busy, "secureConnect"), once(idle, "secureConnect")]);
  busy.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await until(() => held.length > 0);
  const [answered, ended] = [once(busy, "data"), once(idle.resume(), "end")];
  const drained = doors.drain();
  await ended;
  const [exchange] = held;
  assert(exchange);
  respondWith(exchange, { status: 200, body: "late" });
  assert.match(String((await answered)[0]), /200 OK.*late$/s);
  busy.end();
  await drained;
});
