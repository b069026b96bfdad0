import type { Gateway } from "../data-plane/gateway/gateway.ts";
import type { Address } from "../http/conn.ts";
import type { Doors } from "./doors.ts";
import { portError } from "./port-error.ts";
import type { DataPlaneAddresses } from "./published-endpoints.ts";

export interface HttpsPorts {
  /** For the outside, tried in this order; 0 = any free one. */
  readonly outside: readonly number[];
  readonly inside: number;
}

export interface GatewayPlaces {
  readonly outside: Address;
  readonly inside: Address;
  /** At the same addresses; undefined: nothing is served over https. */
  readonly https: HttpsPorts | undefined;
}

type GatewayAddresses = Omit<DataPlaneAddresses, "activator">;

/**
 * The gateway's doors: for the outside and for inside the cluster, plain and encrypted (spec G-012, G-016, G-017).
 * Rejects with EbbError `port-unusable`, which names the flag to choose another port with.
 */
export async function openGateway(
  doors: Doors,
  gateway: Gateway,
  { outside, inside, https }: GatewayPlaces,
): Promise<GatewayAddresses> {
  const tls = https && (await openTls(doors, gateway, { outside, inside, https }));
  const plain = gateway.handler("public", tls && { httpsPort: tls.gatewayTls.port });
  return {
    gateway: await doors.listen(outside, plain).catch((thrown) => {
      throw portError(outside, "--http-port", thrown);
    }),
    gatewayInternal: await doors.listen(inside, gateway.handler("private")),
    ...tls,
  };
}

async function openTls(
  doors: Doors,
  gateway: Gateway,
  { outside, inside, https }: GatewayPlaces & { readonly https: HttpsPorts },
) {
  const identityFor = gateway.options.certificates?.identityFor ?? (() => undefined);
  const handler = (listener: "public" | "private") => gateway.handler(listener, { https: true });
  const listenOutside = async ([port = 0, ...others]: readonly number[]): Promise<Address> => {
    const address = { ip: outside.ip, port };
    try {
      return await doors.listen(address, handler("public"), identityFor);
    } catch (thrown) {
      if (others.length > 0) return listenOutside(others);
      throw portError(address, "--https-port", thrown);
    }
  };
  return {
    gatewayTls: await listenOutside(https.outside),
    gatewayInternalTls: await doors.listen(
      { ip: inside.ip, port: https.inside },
      handler("private"),
      identityFor,
    ),
  };
}
