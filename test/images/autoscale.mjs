import { setTimeout as pause } from "node:timers/promises";
import { answer, query, serve } from "./serve.mjs";

/** Spends time, processor and memory as the query asks, all at once (spec E-020). */

const UNITS_MS = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

class BadQuery extends Error {}

function whole(parameters, name) {
  const text = parameters.get(name);
  if (!text) return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw new BadQuery(`${name} is not a number: ${text}`);
  if (Number(text) < 0) throw new BadQuery(`${name} is negative`);
  return Number(text);
}

/** Milliseconds as a number, or a duration such as 1m30s. */
function durationMs(parameters, name) {
  const text = parameters.get(name);
  if (!text || /^[+-]?\d+$/.test(text)) return whole(parameters, name);
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.map(([part]) => part).join("") !== text) throw new BadQuery(`${name} is not a duration: ${text}`);
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS_MS[unit], 0);
}

async function sleep(ms, deviationMs) {
  const bell = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  const slept = Math.max(0, ms + bell * (deviationMs ?? 0));
  await pause(slept);
  return `Slept for ${Math.round(slept)}ms.\n`;
}

function largestPrime(below) {
  const isComposite = new Uint8Array(below + 1);
  let largest;
  for (let number = 2; number <= below; number++) {
    if (isComposite[number]) continue;
    largest = number;
    for (let multiple = number * number; multiple <= below; multiple += number) isComposite[multiple] = 1;
  }
  return largest === undefined
    ? `There are no primes smaller than ${below}.\n`
    : `The largest prime less than ${below} is ${largest}.\n`;
}

function bloat(megabytes) {
  // Written, so that the kernel has to give the pages.
  const taken = Buffer.alloc(megabytes * 1024 * 1024, 1);
  return `Allocated ${taken.length / 1024 / 1024} Mb of memory.\n`;
}

async function work(parameters) {
  const sleepMs = durationMs(parameters, "sleep");
  const deviationMs = whole(parameters, "sleep-stddev");
  const prime = whole(parameters, "prime");
  const megabytes = whole(parameters, "bloat");
  if (prime === 0 || megabytes === 0) throw new BadQuery("prime and bloat are at least 1");
  const sleeping = sleepMs === undefined ? "" : sleep(sleepMs, deviationMs);
  const found = prime === undefined ? "" : largestPrime(prime);
  const taken = megabytes === undefined ? "" : bloat(megabytes);
  return `${await sleeping}${found}${taken}`;
}

serve(async (request, response) => {
  try {
    answer(response, 200, await work(query(request)));
  } catch (thrown) {
    answer(response, thrown instanceof BadQuery ? 400 : 500, `${thrown.message}\n`);
  }
});
