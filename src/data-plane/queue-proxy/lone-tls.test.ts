import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import { Agent, request } from "node:https";
import { type TestContext, test } from "node:test";
import { connect } from "node:tls";
import { testAuthority } from "../../../test/support/certificates.ts";
import { startLoneQueueProxy } from "../../../test/support/lone-queue-proxy.ts";
import { until } from "../../../test/support/until.ts";
import { systemClock } from "../../base/clock.ts";
import { systemNetwork } from "../../http/network.ts";
import { tlsNetwork } from "../../http/tls.ts";
import type { TlsIdentity } from "../../http/tls-identity.ts";

/** A queue-proxy's port for TLS, as an activator with system-internal-tls uses it (spec Q-015, T-011, TM-017). */

const authority = testAuthority();
const NAME = "kn-user-default";

async function started(context: TestContext) {
  let identity: TlsIdentity = authority.issue([NAME]);
  const serving = { network: systemNetwork(systemClock), identityFor: () => identity };
  const held: (() => void)[] = [];
  const { ip } = await startLoneQueueProxy(
    context,
    ({ url }, response) => {
      if (url === "/held") held.push(() => response.end("late"));
      else response.end("ok");
    },
    { servingTls: (settings) => tlsNetwork({ clock: systemClock, settings, serving }) },
  );
  const reload = () => {
    identity = authority.issue([NAME]);
  };
  const options = { host: ip, port: 8112, servername: NAME, ca: authority.certificate };
  return { options, held, reload };
}

type Options = Awaited<ReturnType<typeof started>>["options"];

function get(options: Options, path: string, agent: Agent | false = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...options, path, agent }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.once("end", () => resolve(`${response.statusCode} ${body}`));
    });
    outgoing.once("error", reject).end();
  });
}

async function serialOf(options: Options): Promise<string> {
  const socket = connect(options);
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

test("requests and probes pass over TLS as over the plain port, in HTTP/1.1 and HTTP/2", async (context) => {
  const { options } = await started(context);
  assert.equal(await get(options, "/"), "200 ok");
  const session = http2.connect(`https://${options.host}:8112`, options);
  context.after(() => session.destroy());
  const stream = session.request({
    ":path": "/healthz",
    "k-network-probe": "queue",
    "user-agent": "Knative-Activator-Probe",
  });
  stream.setEncoding("utf8");
  const [[headers], [body]] = await Promise.all([once(stream, "response"), once(stream, "data")]);
  assert.deepEqual([headers[":status"], body], [200, "queue"]);
});

test("a certificate that is replaced is shown from then on, and no request feels it", async (context) => {
  const { options, held, reload } = await started(context);
  const agent = new Agent({ keepAlive: true });
  context.after(() => agent.destroy());
  const before = await serialOf(options);
  assert.equal(await get(options, "/", agent), "200 ok");
  const late = get(options, "/held");
  await until(() => held.length > 0);
  reload();
  assert.notEqual(await serialOf(options), before);
  assert.equal(await get(options, "/", agent), "200 ok", "on the connection from before");
  held[0]?.();
  assert.equal(await late, "200 late");
});
