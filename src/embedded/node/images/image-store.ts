import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, statSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve as resolvePath } from "node:path";
import { type Clock, sleep } from "../../../base/clock.ts";
import { messageOf } from "../../../base/errors.ts";
import type { Random } from "../../../base/random.ts";
import { ImageError } from "../errors.ts";
import { defaultCommand } from "./entry-point.ts";
import { copyFiles, copySmallTree, type FileEntry, hashFiles, listFiles } from "./files.ts";
import type { Images, StoredImage } from "./images.ts";
import { parseReference, type Reference, referenceText } from "./reference.ts";

export interface ListedImage extends StoredImage {
  readonly bytes: number;
  /** Wall time. */
  readonly addedAtMs: number;
}

/**
 * Images on disk (DESIGN §4, Images for processes). `blobs/<digest>` holds files and `config.json` and is never
 * changed; `refs/<name:tag>` names a digest. Each appears by one rename, so that the engine and `ebb image` may work
 * on one store at once. A blob whose tag has moved on stays, because Revisions name it by digest.
 */
export class ImageStore implements Images {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #blobs = new Map<string, Blob>();
  /** Copies made ahead, by digest: a cold start then costs one rename. */
  readonly #spares = new Map<string, string[]>();
  readonly #filling = new Set<string>();
  #sparesFolder: string | undefined;

  constructor(options: { folder: string; clock: Clock; random: Random }) {
    this.#folder = options.folder;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  /** Prepares copies ahead from now on; for the engine, of which a home has one. */
  async keepSpares(): Promise<void> {
    const folder = join(this.#folder, "spares");
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    this.#sparesFolder = folder;
  }

  /**
   * Copies the file or folder at `path` under `name` (tag `latest` when none). Without `command` an executable file
   * runs itself and a package.json folder its start script. Rejects with ImageError.
   */
  async add(name: string, path: string, options: AddOptions = {}): Promise<StoredImage> {
    const reference = this.#referenceToAdd(name);
    const source = resolvePath(path);
    if (!existsSync(source))
      throw new ImageError("image-unusable", `there is no ${source} to make ${name} of`);
    const command = options.command?.length ? [...options.command] : defaultCommand(source, name);
    const draft = join(this.#folder, `draft-${this.#random.uuid()}`);
    try {
      await copyIn(source, join(draft, "files"));
      const entries = await listFiles(join(draft, "files"));
      const config = { reference: referenceText(reference), command, env: options.env ?? {}, entries };
      const digest = await this.#seal(draft, config);
      await this.#locked(async () => {
        await this.#publish(draft, digest);
        await this.#writeRef(reference, digest);
      });
      return { ...config, digest };
    } catch (thrown) {
      if (thrown instanceof ImageError) throw thrown;
      throw new ImageError("image-unusable", `cannot store ${name}: ${messageOf(thrown)}`, { cause: thrown });
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  async list(): Promise<ListedImage[]> {
    const listed: ListedImage[] = [];
    for (const file of await readdirOrNone(this.#refs())) {
      const ref = this.#readRef(join(this.#refs(), file));
      const blob = ref && this.#blob(ref.digest);
      if (!ref || !blob) continue;
      const { command, env } = blob.config;
      const bytes = blob.config.entries.reduce((sum, entry) => sum + (entry.bytes ?? 0), 0);
      listed.push({
        reference: ref.reference,
        digest: ref.digest,
        command,
        env,
        bytes,
        addedAtMs: ref.addedAtMs,
      });
    }
    return listed.sort((a, b) => (a.reference < b.reference ? -1 : 1));
  }

  /** Running pods keep their own copies. Rejects with ImageError image-missing when there is none. */
  async remove(name: string): Promise<void> {
    const reference = parseReference(name);
    if (!reference) throw notAName(name);
    await this.#locked(async () => {
      const path = this.#refPath(reference);
      if (!existsSync(path))
        throw new ImageError("image-missing", `there is no image ${referenceText(reference)}`);
      await rm(path);
      await this.#dropUnnamed(referenceText(reference));
    });
  }

  async resolve(text: string): Promise<StoredImage | undefined> {
    const reference = parseReference(text);
    if (!reference) return undefined;
    const digest = reference.digest ?? this.#readRef(this.#refPath(reference))?.digest;
    const blob = digest === undefined ? undefined : this.#blob(digest);
    if (!blob || digest === undefined) return undefined;
    const { command, env } = blob.config;
    return { reference: referenceText(reference), digest, command, env };
  }

  async unpack(image: StoredImage, folder: string): Promise<void> {
    // A start that failed half-way left its copy.
    if (existsSync(folder)) await rm(folder, { recursive: true, force: true });
    const spare = this.#takeSpare(image.digest);
    this.#fillSpares(image.digest);
    try {
      if (spare !== undefined) return renameSync(spare, folder);
      await this.#copyOut(image.digest, folder);
    } catch (thrown) {
      throw new ImageError(
        "image-unusable",
        `cannot copy ${image.reference} to ${folder}: ${messageOf(thrown)}`,
        { cause: thrown },
      );
    }
  }

  async #copyOut(digest: string, folder: string): Promise<void> {
    const blob = this.#blob(digest);
    if (!blob) throw new ImageError("image-missing", `the image store has lost ${digest}`);
    const { entries } = blob.config;
    const bytes = entries.reduce((sum, entry) => sum + (entry.bytes ?? 0), 0);
    if (entries.length <= SMALL_ENTRIES && bytes <= SMALL_BYTES) copySmallTree(blob.files, folder, entries);
    else await copyFiles(blob.files, folder, { entries, readOnly: false });
  }

  #takeSpare(digest: string): string | undefined {
    return this.#spares.get(digest)?.pop();
  }

  /** A little later: whatever asked for a copy is about to start and needs the machine more. */
  #fillSpares(digest: string): void {
    const folder = this.#sparesFolder;
    if (folder === undefined || this.#filling.has(digest)) return;
    this.#filling.add(digest);
    this.#clock.schedule(SPARE_DELAY_MS, () => {
      this.#makeSpares(digest, folder).then(
        () => this.#filling.delete(digest),
        // The copy is then made when it is needed, and the failure told there.
        () => this.#filling.delete(digest),
      );
    });
  }

  async #makeSpares(digest: string, folder: string): Promise<void> {
    const spares = this.#spares.get(digest) ?? [];
    this.#spares.set(digest, spares);
    while (spares.length < SPARES) {
      const spare = join(folder, this.#random.uuid());
      await this.#copyOut(digest, spare);
      spares.push(spare);
    }
  }

  #referenceToAdd(name: string): Reference {
    const reference = parseReference(name);
    if (!reference) throw notAName(name);
    if (reference.digest !== undefined)
      throw new ImageError("image-unusable", `${name} has a digest; add it under a name and tag instead`);
    return reference;
  }

  /** Writes the draft's config.json; the digest covers files, entry point and environment. */
  async #seal(draft: string, config: BlobConfig): Promise<string> {
    const { command, env, entries } = config;
    const files = await hashFiles(join(draft, "files"), entries);
    const digest = `sha256:${createHash("sha256")
      .update(JSON.stringify([files, command, env]))
      .digest("hex")}`;
    await writeFile(join(draft, "config.json"), JSON.stringify(config), { mode: 0o444 });
    return digest;
  }

  async #publish(draft: string, digest: string): Promise<void> {
    const blob = this.#blobFolder(digest);
    if (existsSync(join(blob, "config.json"))) return;
    await mkdir(join(this.#folder, "blobs"), { recursive: true });
    await rename(draft, blob);
  }

  async #writeRef(reference: Reference, digest: string): Promise<void> {
    await mkdir(this.#refs(), { recursive: true });
    const draft = join(this.#folder, `draft-ref-${this.#random.uuid()}`);
    const ref: Ref = { reference: referenceText(reference), digest, addedAtMs: this.#clock.wall() };
    await writeFile(draft, JSON.stringify(ref));
    await rename(draft, this.#refPath(reference));
  }

  /** Removes blobs that were added as `reference` and that no ref names. */
  async #dropUnnamed(reference: string): Promise<void> {
    const named = new Set((await this.list()).map((image) => this.#blobFolder(image.digest)));
    for (const name of await readdirOrNone(join(this.#folder, "blobs"))) {
      const folder = join(this.#folder, "blobs", name);
      if (named.has(folder) || readConfig(folder)?.reference !== reference) continue;
      const going = join(this.#folder, `draft-gone-${this.#random.uuid()}`);
      await rename(folder, going);
      await rm(going, { recursive: true, force: true });
    }
  }

  #blob(digest: string): Blob | undefined {
    const folder = this.#blobFolder(digest);
    const known = this.#blobs.get(digest);
    if (known && existsSync(folder)) return known;
    const config = readConfig(folder);
    if (!config) {
      this.#blobs.delete(digest);
      return undefined;
    }
    const blob = { files: join(folder, "files"), config };
    this.#blobs.set(digest, blob);
    return blob;
  }

  #blobFolder(digest: string): string {
    return join(this.#folder, "blobs", digest.replace(":", "-"));
  }

  #refs(): string {
    return join(this.#folder, "refs");
  }

  #refPath(reference: Reference): string {
    return join(this.#refs(), encodeURIComponent(referenceText(reference)));
  }

  #readRef(path: string): Ref | undefined {
    return readJson<Ref>(path);
  }

  /** One writer at a time; a lock older than any honest writer needs was left by one that was killed. */
  async #locked(work: () => Promise<void>): Promise<void> {
    mkdirSync(this.#folder, { recursive: true });
    const lock = join(this.#folder, "lock");
    while (!tryLock(lock, this.#clock.wall())) await sleep(this.#clock, LOCK_RETRY_MS);
    try {
      await work();
    } finally {
      await rm(lock, { recursive: true, force: true });
    }
  }
}

export interface AddOptions {
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const SMALL_ENTRIES = 16;
const SMALL_BYTES = 512 * 1024;
const SPARES = 2;
const SPARE_DELAY_MS = 500;
const LOCK_RETRY_MS = 10;
const LOCK_STALE_MS = 10_000;

interface Ref {
  readonly reference: string;
  readonly digest: string;
  readonly addedAtMs: number;
}

interface BlobConfig {
  readonly reference: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly entries: readonly FileEntry[];
}

interface Blob {
  readonly files: string;
  readonly config: BlobConfig;
}

/** A single file lies in a folder of its own, where the command runs. */
async function copyIn(source: string, files: string): Promise<void> {
  if (statSync(source).isDirectory())
    return copyFiles(source, files, { entries: await listFiles(source), readOnly: true });
  await mkdir(files, { recursive: true });
  await copyFile(source, join(files, basename(source)));
  await chmod(join(files, basename(source)), statSync(source).mode & 0o111 ? 0o555 : 0o444);
}

function tryLock(lock: string, nowMs: number): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
  }
  const age = nowMs - (modifiedAtMs(lock) ?? nowMs);
  if (age > LOCK_STALE_MS) removeFolder(lock);
  return false;
}

function modifiedAtMs(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
  }
}

function readConfig(folder: string): BlobConfig | undefined {
  return readJson<BlobConfig>(join(folder, "config.json"));
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new ImageError("image-unusable", `cannot read ${path}: ${messageOf(thrown)}`, { cause: thrown });
  }
}

async function readdirOrNone(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw thrown;
  }
}

function notAName(name: string): ImageError {
  return new ImageError("image-unusable", `"${name}" is not an image name: write [HOST/]NAME[:TAG]`);
}
