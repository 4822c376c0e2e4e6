// One `kaunta demo` of its own for a test file: own port, own database, gone afterwards.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const READY_WITHIN_MS = 20_000;
// Draining includes a long poll that is under way.
const GONE_WITHIN_MS = 45_000;

const binary = process.env.KAUNTA_BIN ?? fileURLToPath(new URL("../../target/debug/kaunta", import.meta.url));

/**
 * Starts `kaunta demo` and waits until it is ready.
 *
 * @param {Record<string, string>} settings more of the environment, e.g. `KAUNTA_FALLBACK_AFTER`
 * @returns {Promise<{url: string, output: () => string, kill: (signal: NodeJS.Signals) => void, stop: () => Promise<void>}>}
 */
export async function startDemo(settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), "kaunta-end2end-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(binary, ["demo"], {
    cwd: folder,
    env: {
      ...process.env,
      KAUNTA_LISTEN: `127.0.0.1:${port}`,
      KAUNTA_DATABASE_URL: `sqlite://${join(folder, "kaunta.db")}`,
      KAUNTA_LOG: "warn",
      ...settings,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  child.stderr.on("data", (data) => (output += data));
  let ended = null;
  const exit = once(child, "exit").then(([code, signal]) => (ended = code ?? signal));
  // A test that dies without its hooks must not leave a server behind.
  const orphan = () => child.kill("SIGKILL");
  process.once("exit", orphan);

  async function stop() {
    process.off("exit", orphan);
    const early = ended !== null;
    child.kill("SIGTERM");
    await Promise.race([exit, sleep(GONE_WITHIN_MS, null, { ref: false })]);
    child.kill("SIGKILL");
    await exit;
    await rm(folder, { recursive: true, force: true });
    if (early || ended !== 0) {
      throw new Error(`kaunta demo ended ${early ? "early " : ""}with ${ended}:\n${output}`);
    }
  }

  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await isReady(url))) {
    if (ended !== null || Date.now() > deadline) {
      await stop().catch(() => {});
      throw new Error(`kaunta demo (${binary}) is not ready; it ended with ${ended} and said:\n${output}`);
    }
    await sleep(50);
  }
  return { url, output: () => output, kill: (signal) => child.kill(signal), stop };
}

async function isReady(url) {
  const answer = await fetch(`${url}/readyz`).catch(() => null);
  return answer?.ok ?? false;
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
