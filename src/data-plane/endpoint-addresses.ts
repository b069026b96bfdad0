import { type Backend, wantsHttp2 } from "./backend.ts";

/** The part of an Endpoints object that the data plane asks for. */
export interface EndpointSubset {
  readonly addresses?: readonly EndpointAddress[];
  readonly notReadyAddresses?: readonly EndpointAddress[];
  readonly ports?: readonly EndpointPort[];
}

interface EndpointPort {
  readonly name?: string;
  readonly port: number;
  readonly appProtocol?: string;
}

interface EndpointAddress {
  readonly ip: string;
  readonly targetRef?: { readonly kind?: string; readonly uid?: string };
}

/** Each address with each port of that name. */
export function backendsOf(
  subsets: readonly EndpointSubset[] | undefined,
  portName: (name: string) => boolean,
): { ready: Backend[]; notReady: Backend[] } {
  const ready: Backend[] = [];
  const notReady: Backend[] = [];
  for (const subset of subsets ?? []) {
    for (const port of subset.ports ?? []) {
      if (!portName(port.name ?? "")) continue;
      for (const address of subset.addresses ?? []) ready.push(backendOf(address, port));
      for (const address of subset.notReadyAddresses ?? []) notReady.push(backendOf(address, port));
    }
  }
  return { ready, notReady };
}

function backendOf({ ip, targetRef }: EndpointAddress, port: EndpointPort): Backend {
  const podUid = targetRef?.kind === "Pod" ? targetRef.uid : undefined;
  return {
    ip,
    port: port.port,
    ...(podUid !== undefined && { podUid }),
    ...(wantsHttp2(port) && { http2: true as const }),
  };
}
