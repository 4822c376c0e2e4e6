// What every test file begins with: one server and one browser for all its tests.
//
//     const kaunta = suite();
//     kaunta.test("a shopper sees the amount", async (page) => { await page.goto(`${kaunta.url}/demo`); … });

import { after, before, test } from "node:test";
import { launch, withPage } from "./browser.mjs";
import { startDemo } from "./server.mjs";

/** @param {Record<string, string>} settings of the server, e.g. `KAUNTA_FALLBACK_AFTER` */
export function suite(settings = {}) {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([startDemo(settings), launch()]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  return {
    /** Where the server listens. */
    get url() {
      return server.url;
    },
    /** The server itself, for tests that restart or kill it. */
    get server() {
      return server;
    },
    /** The browser, for tests that need more than one page at once. */
    get browser() {
      return browser;
    },
    /**
     * A test with a fresh page: `test(name, body)` or `test(name, options, body)`. The options are those of a Playwright
     * context (`javaScriptEnabled`, `viewport`, `colorScheme`, …), and `allow`, a pattern of page errors that are meant.
     */
    test(name, ...rest) {
      const body = rest.pop();
      test(name, () => withPage(browser, name, rest[0] ?? {}, body));
    },
  };
}
