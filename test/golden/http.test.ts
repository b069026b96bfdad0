import { judgeGolden } from "../support/golden.ts";
import { replay } from "./apiserver/replay.ts";
import type { Scenario } from "./apiserver/scenario.ts";
import { freshServer } from "./apiserver/server.ts";
import { exceptions } from "./http.exceptions.ts";

judgeGolden<Scenario>({
  file: "apiserver/http.jsonl",
  exceptions,
  async judge(scenario) {
    const server = await freshServer();
    try {
      return await replay(server.apiServer, scenario);
    } finally {
      await server.stop();
    }
  },
});
