import { request } from "node:https";
import { parse } from "yaml";
import { findKindOf } from "../api/kinds.ts";
import type { ApiObject } from "../api/object.ts";
import { EbbError } from "../base/errors.ts";
import { type ClusterAccess, parseKubeconfig } from "../kube/kubeconfig.ts";

export interface Applied {
  readonly namespace: string;
  readonly name: string;
  readonly verb: "created" | "configured";
}

/**
 * Creates what a manifest says, or merges it into what is there, through the public API as kubectl would (the
 * manifest's own apiVersion in the path). Throws EbbError `apply-refused` with the API's message.
 */
export async function applyManifest(kubeconfig: string, manifest: string): Promise<Applied> {
  const access = parseKubeconfig(kubeconfig, () => {
    throw new EbbError("kubeconfig", "this kubeconfig names files; only embedded data is read here");
  });
  const object = parse(manifest) as ApiObject;
  const { apiVersion = "", kind = "", metadata } = object;
  const found = findKindOf(apiVersion, kind);
  if (!found)
    throw new EbbError("apply-refused", `${apiVersion} ${kind} is not a kind that this engine serves`);
  const namespace = metadata.namespace ?? access.namespace;
  const name = metadata.name ?? "";
  const path = `/apis/${apiVersion}/namespaces/${namespace}/${found.plural}`;
  const created = await send(access, { method: "POST", path, body: object, contentType: "application/json" });
  if (created.code === 201) return { namespace, name, verb: "created" };
  if (created.code !== 409) throw refused(name, created);
  const contentType = "application/merge-patch+json";
  const merged = await send(access, { method: "PATCH", path: `${path}/${name}`, body: object, contentType });
  if (merged.code !== 200) throw refused(name, merged);
  return { namespace, name, verb: "configured" };
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly contentType: string;
}

interface Answer {
  readonly code: number;
  readonly text: string;
}

function send(access: ClusterAccess, call: Call): Promise<Answer> {
  const { ca, token } = access;
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(call.path, access.server), {
      method: call.method,
      agent: false,
      ...(ca ? { ca } : {}),
      headers: { authorization: `Bearer ${token}`, "content-type": call.contentType },
    });
    outgoing.once("error", reject);
    outgoing.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () =>
        resolve({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
    });
    outgoing.end(JSON.stringify(call.body));
  });
}

function refused(name: string, { code, text }: Answer): EbbError {
  let message = text;
  try {
    message = (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    // Not a Status: the text itself is all there is.
  }
  return new EbbError("apply-refused", `the API refused ${name} (${code}): ${message}`);
}
