import type { Config } from "../../../api/config/config.ts";
import { type Configuration, ConfigurationKind } from "../../../api/configuration/kind.ts";
import { CONFIGURATION } from "../../../api/labels.ts";
import { keyOf, type Stored } from "../../../api/object.ts";
import { type Revision, RevisionKind } from "../../../api/revision/kind.ts";
import { type Controller, watch } from "../../../kube/controller.ts";
import { byLabel } from "../../../kube/parents.ts";
import { surplusOf } from "./surplus.ts";

/** Looks again at least this often: clocks jump, and a timer that waits for days is not to be relied on. */
const LOOK_AGAIN_MS = 3_600_000;

/** Deletes the Revisions that config-gc gives up, a Configuration at a time (spec C-063). */
export function revisionGcController(): Controller<Configuration, readonly Stored<Revision>[], Config> {
  return {
    name: "revision-gc-controller",
    kind: ConfigurationKind,
    watches: [watch({ kind: RevisionKind, parents: byLabel(CONFIGURATION) })],
    observe(configuration, caches) {
      const { namespace, name } = keyOf(configuration);
      return caches.labelled(RevisionKind, { namespace, label: CONFIGURATION, value: name });
    },
    desired(configuration, revisions, { config, nowMs }) {
      const present = revisions.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      const surplus = surplusOf(configuration, present, { gc: config.gc, nowMs });
      const { nextMs } = surplus;
      return {
        children: [],
        deletions: surplus.revisions.map(({ metadata }) => ({
          kind: RevisionKind,
          key: keyOf({ metadata }),
          uid: metadata.uid,
        })),
        ...(nextMs === undefined ? {} : { requeueAfterMs: Math.min(nextMs - nowMs + 1, LOOK_AGAIN_MS) }),
      };
    },
  };
}
