import type { HostedPod, QueueProxyHost } from "../api/wire/hosting.ts";
import type { Link } from "../api/wire/link.ts";
import { EbbError, messageOf } from "../base/errors.ts";

/** QueueProxyHost across the process border: the node agent calls here, the data plane answers there. */

const CALLS = "hosting.calls";
const ANSWERS = "hosting.answers";

type Call =
  | { readonly id: number; readonly verb: "host"; readonly pod: HostedPod }
  | { readonly id: number; readonly verb: "drain" | "restarting" | "remove"; readonly podUid: string }
  | {
      readonly id: 0;
      readonly verb: "moment";
      readonly podUid: string;
      readonly name: string;
      readonly atMs: number;
    };

interface Answer {
  readonly id: number;
  readonly failure?: { readonly code: string; readonly message: string };
}

export function hostingOver(link: Link): QueueProxyHost {
  const waiting = new Map<number, { verb: Call["verb"]; resolve(): void; reject(error: Error): void }>();
  let lastId = 0;
  let isClosed = false;
  link.listen(ANSWERS, (message) => {
    const { id, failure } = message as Answer;
    const call = waiting.get(id);
    waiting.delete(id);
    if (failure) call?.reject(new EbbError(failure.code, failure.message));
    else call?.resolve();
  });
  // With the data plane its queue-proxies have ended: nothing is left to drain or to remove, and pods can be stopped.
  const endWaiting = () => {
    isClosed = true;
    for (const call of waiting.values()) {
      if (call.verb === "host") call.reject(new EbbError("data-plane-gone", "the data plane has ended"));
      else call.resolve();
    }
    waiting.clear();
  };
  link.onClosed(endWaiting);
  const ask = (call: (id: number) => Call) =>
    new Promise<void>((resolve, reject) => {
      const id = ++lastId;
      const asked = call(id);
      waiting.set(id, { verb: asked.verb, resolve, reject });
      if (isClosed) endWaiting();
      else link.send(CALLS, asked);
    });
  return {
    host: (pod) => ask((id) => ({ id, verb: "host", pod })),
    drain: (podUid) => ask((id) => ({ id, verb: "drain", podUid })),
    restarting: (podUid) => ask((id) => ({ id, verb: "restarting", podUid })),
    remove: (podUid) => ask((id) => ({ id, verb: "remove", podUid })),
    moment: (podUid, name, atMs) =>
      link.send(CALLS, { id: 0, verb: "moment", podUid, name, atMs } satisfies Call),
  };
}

export function serveHosting(link: Link, host: QueueProxyHost): void {
  link.listen(CALLS, (message) => {
    const call = message as Call;
    if (call.verb === "moment") return host.moment(call.podUid, call.name, call.atMs);
    const done = call.verb === "host" ? host.host(call.pod) : host[call.verb](call.podUid);
    done.then(
      () => link.send(ANSWERS, { id: call.id } satisfies Answer),
      (thrown) => link.send(ANSWERS, { id: call.id, failure: failureOf(thrown) } satisfies Answer),
    );
  });
}

function failureOf(thrown: unknown): { code: string; message: string } {
  return { code: thrown instanceof EbbError ? thrown.code : "internal", message: messageOf(thrown) };
}
