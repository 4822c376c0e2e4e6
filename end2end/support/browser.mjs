// Chromium as Debian ships it, and pages that tell on themselves.

import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const EXECUTABLE = process.env.KAUNTA_CHROMIUM ?? "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
// Long enough for a slow machine, short enough that a broken page fails its test and not the run.
const TIMEOUT_MS = 10_000;
const RESULTS = fileURLToPath(new URL("../results", import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The smallest phone that counts, and the most common one. */
export const SMALL = { width: 320, height: 568 };
export const PHONE = { width: 360, height: 640 };

export function launch() {
  return chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
}

/**
 * Opens a page in a context of its own, runs the test with it, and fails the test where the page threw or logged an
 * error. What a failing page looked like is kept in `end2end/results`.
 *
 * @param {import("playwright-core").Browser} browser
 * @param {string} name of the test, for the picture
 * @param {import("playwright-core").BrowserContextOptions & {allow?: RegExp}} options `allow`: errors that the test provokes
 * @param {(page: import("playwright-core").Page) => Promise<void>} test
 */
export async function withPage(browser, name, { allow, ...options }, test) {
  const context = await browser.newContext({ viewport: PHONE, locale: "en-KE", ...options });
  context.setDefaultTimeout(TIMEOUT_MS);
  const errors = [];
  const note = (error) => allow?.test(error) || errors.push(error);
  context.on("page", (page) => {
    page.on("pageerror", (error) => note(`threw: ${error.message}`));
    page.on("console", (message) => message.type() === "error" && note(`logged: ${message.text()}`));
  });
  const page = await context.newPage();
  try {
    await test(page);
    if (errors.length > 0) {
      throw new Error(`the page ${errors.join("; ")}`);
    }
  } catch (error) {
    await mkdir(RESULTS, { recursive: true });
    const picture = join(RESULTS, `${name.replaceAll(/[^a-z0-9]+/gi, "-")}.png`);
    await page.screenshot({ path: picture, fullPage: true }).catch(() => {});
    error.message += `\n(the page at ${page.url()} is pictured in ${picture}; it ${errors.join("; ") || "reported no error"})`;
    throw error;
  } finally {
    await context.close();
  }
}

/** Resolves once the wasm of the page is live. */
export async function hydrated(page) {
  await page.waitForFunction(() => performance.getEntriesByName("hydrated").length > 0);
}

/** What axe finds wrong with the page as it stands, one line each. Needs JavaScript in the page. */
export async function accessibilityFaults(page) {
  // By the debugger and not by a script tag, which the page's Content-Security-Policy rightly refuses.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map((node) => node.target).join(", ")})`);
}
