import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addImage, createService, type Engine, newHome, removeHome, startEngine } from "../engine.ts";
import { commandOf, processTree } from "../processes.ts";
import { type Contender, HERE } from "./contender.ts";
import { writeApp } from "./nginx.ts";

/**
 * The engine as its users run it, with nginx in the pod: gateway and queue-proxy in one process, without the
 * activator's phases and with them. What counts is the data-plane process; the control plane has its own figures.
 */

/** Contender → Service and its target burst capacity: 0 leaves the activator out, -1 keeps it in. */
const WAYS: Readonly<Record<string, readonly [service: string, capacity: string]>> = {
  "ebb gateway + queue-proxy": ["bench-direct", "0"],
  "ebb with activator": ["bench-activator", "-1"],
};

export interface EnginePlan {
  /** For the files of the application. */
  readonly work: string;
  /** Holds the built package. */
  readonly folder: string;
  /** Put behind the names. */
  readonly suffix: string;
}

export async function startEngineContenders({ work, folder, suffix }: EnginePlan): Promise<Contender[]> {
  const home = newHome();
  addImage(home, { name: "bench/nginx", path: writePodProgram(work), folder });
  const engine = await startEngine(home, folder);
  let running = true;
  const stop = async () => {
    if (!running) return;
    running = false;
    await engine.stop();
    removeHome(home);
  };
  try {
    const contenders: Contender[] = [];
    for (const [name, [service, capacity]] of Object.entries(WAYS)) {
      await createService(engine, {
        name: service,
        image: "bench/nginx",
        annotations: {
          "autoscaling.knative.dev/min-scale": "1",
          "autoscaling.knative.dev/max-scale": "1",
          "autoscaling.knative.dev/target-burst-capacity": capacity,
        },
      });
      contenders.push(contenderOf(engine, { name: `${name}${suffix}`, service, stop }));
    }
    return contenders;
  } catch (error) {
    await stop();
    throw error;
  }
}

function contenderOf(
  engine: Engine,
  { name, service, stop }: { name: string; service: string; stop: () => Promise<void> },
): Contender {
  const port = Number(new URL(engine.gateway).port);
  const pids = processTree(engine.pid).filter((one) => /data-plane-process\.[jt]s$/.test(commandOf(one)));
  return { name, port, host: `${service}.default.localhost`, inside: HERE, pids: () => pids, stop };
}

/** A program that serves on $PORT: nginx, configured when it starts. */
function writePodProgram(work: string): string {
  const folder = join(work, "pod");
  mkdirSync(folder, { recursive: true });
  const template = writeApp(folder, "PORT");
  const program = join(folder, "serve");
  const configure = `sed "s/:PORT/:$PORT/; s#${folder}/nginx.pid#$own/nginx.pid#; s#_path ${folder}/#_path $own/#"`;
  writeFileSync(
    program,
    `#!/bin/sh
own=$(mktemp -d)
${configure} ${template} > $own/app.conf
exec nginx -c $own/app.conf
`,
  );
  chmodSync(program, 0o755);
  return program;
}
