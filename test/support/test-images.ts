import { fileURLToPath } from "node:url";
import { addImage } from "./engine.ts";

/** The programs of test/images under the names by which Knative's suites ask for them (spec E-019…E-029). */

/** An ordinary name, so that no assertion about digests is switched off. */
export const REPOSITORY = "registry.example.com/knative";

const FOLDER = fileURLToPath(new URL("../images", import.meta.url));

/** Image → program and arguments. */
const IMAGES: Readonly<Record<string, readonly string[]>> = {
  helloworld: ["hello.mjs", "Hello World! How about some tasty noodles?"],
  pizzaplanetv1: ["hello.mjs", "What a spaceport!"],
  pizzaplanetv2: ["hello.mjs", "Re-energize yourself with a slice of pepperoni!"],
  autoscale: ["autoscale.mjs"],
  failing: ["failing.mjs"],
  hellovolume: ["hellovolume.mjs"],
  servingcontainer: ["servingcontainer.mjs"],
  sidecarcontainer: ["sidecarcontainer.mjs"],
  singlethreaded: ["singlethreaded.mjs"],
  timeout: ["timeout.mjs"],
  volumes: ["volumes.mjs"],
};

export async function addTestImages(home: string): Promise<void> {
  for (const [name, words] of Object.entries(IMAGES)) {
    const command = [process.execPath, ...words];
    await addImage(home, `${REPOSITORY}/${name}`, { path: FOLDER, command });
  }
}
