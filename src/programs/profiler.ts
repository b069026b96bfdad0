import { Session } from "node:inspector/promises";
import type { Profiler } from "../data-plane/queue-proxy/profiling.ts";

/** V8's own profilers, through the inspector; nothing is switched on before someone asks. */
export const v8Profiler: Profiler = {
  cpu: (seconds) =>
    withSession(async (session) => {
      await session.post("Profiler.enable");
      await session.post("Profiler.start");
      await pause(seconds);
      return JSON.stringify((await session.post("Profiler.stop")).profile);
    }),
  heap: (seconds) =>
    withSession(async (session) => {
      await session.post("HeapProfiler.enable");
      await session.post("HeapProfiler.startSampling");
      await pause(seconds);
      return JSON.stringify((await session.post("HeapProfiler.stopSampling")).profile);
    }),
};

async function withSession(use: (session: Session) => Promise<string>): Promise<string> {
  const session = new Session();
  session.connect();
  try {
    return await use(session);
  } finally {
    session.disconnect();
  }
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
