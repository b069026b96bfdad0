import type { Container } from "../../../api/container.ts";
import type { RevisionSpec } from "../../../api/revision-spec.ts";
import { assert } from "../../../base/assert.ts";

const DEFAULT_USER_PORT = 8080;

/** The container of a Revision that answers requests, and by which ports (spec §0.3). */
export interface Serving {
  readonly container: Container;
  readonly userPort: number;
  readonly protocol: "http1" | "h2c";
  readonly queuePort: 8012 | 8013;
}

/** The only container, or of several the one that declares a port. */
export function servingOf(spec: RevisionSpec): Serving {
  const { containers } = spec;
  const container =
    (containers.length > 1 ? containers.find(({ ports }) => ports?.length) : undefined) ?? containers[0];
  assert(container, "a Revision has at least one container");
  const port = container.ports?.[0];
  const protocol = port?.name === "h2c" ? "h2c" : "http1";
  return {
    container,
    userPort: port?.containerPort || DEFAULT_USER_PORT,
    protocol,
    queuePort: protocol === "h2c" ? 8013 : 8012,
  };
}
