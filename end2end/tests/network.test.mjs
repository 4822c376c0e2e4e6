// Bad networks, and what the page lets in and out.

import assert from "node:assert/strict";
import { Checkout } from "../pages/checkout.mjs";
import { seenByShop, session } from "../pages/shop.mjs";
import { suite } from "../support/suite.mjs";

const kaunta = suite({ KAUNTA_FALLBACK_AFTER: "1s" });
const BROKEN = { allow: /net::ERR|Failed to load resource/ };

kaunta.test("the steps by hand open by themselves while a prompt is out", async (page) => {
  const checkout = new Checkout(page);
  await checkout.open((await session(kaunta)).url);
  await checkout.payFrom("0712345901");
  await checkout.says("Waiting for your M-Pesa PIN");
  await page.getByText("Business number").waitFor();
  await page.getByText("if the prompt still comes, cancel it").waitFor();
  await checkout.says("Payment received");
});

kaunta.test("the note about the connection comes and goes, and the page comes back to the truth", BROKEN, async (page) => {
  const checkout = new Checkout(page);
  await checkout.open((await session(kaunta)).url);
  await checkout.payFrom("0712345902");
  await checkout.says("Waiting for your M-Pesa PIN");
  await page.context().setOffline(true);
  const note = page.getByText("You are offline.");
  await note.waitFor();
  // The money comes while nobody can tell the page.
  await page.waitForTimeout(4_000);
  await page.context().setOffline(false);
  await checkout.says("Payment received");
  await note.waitFor({ state: "hidden" });
});

kaunta.test("an answer that is lost is looked for and not sent again", BROKEN, async (page) => {
  const checkout = new Checkout(page);
  const { id, url } = await session(kaunta);
  await checkout.open(url);
  let sent = 0;
  await page.route("**/ui/pay", async (route) => {
    sent += 1;
    await route.fetch();
    await route.abort();
  });
  await checkout.payFrom("0712345903");
  await checkout.says("Payment received");
  assert.equal(sent, 1);
  assert.equal((await seenByShop(kaunta, id)).attempts.length, 1);
});

kaunta.test("a request that never arrived says that nobody knows, and can be sent again", BROKEN, async (page) => {
  const checkout = new Checkout(page);
  await checkout.open((await session(kaunta)).url);
  await page.route("**/ui/pay", (route) => route.abort(), { times: 1 });
  await checkout.payFrom("0712345904");
  await page.getByText("The connection broke").waitFor();
  await checkout.pay.click();
  await checkout.says("Payment received");
});

kaunta.test("without its wasm the page is a plain form that comes back by itself", BROKEN, async (page) => {
  const checkout = new Checkout(page);
  await page.route("**/*.wasm", (route) => route.abort());
  await checkout.open((await session(kaunta)).url, { live: false });
  await checkout.payFrom("0712345905");
  await checkout.says("Waiting for your M-Pesa PIN");
  await page.getByRole("status").filter({ hasText: "Payment received" }).waitFor({ timeout: 15_000 });
});

kaunta.test("three requests until live, nothing of others, no cookie", async (page) => {
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await new Checkout(page).open((await session(kaunta)).embed_url);
  const files = asked.filter((url) => !url.includes("/ui/"));
  assert.equal(files.length, 3, files.join(" "));
  assert.ok(asked.every((url) => url.startsWith(kaunta.url)));
  assert.deepEqual(await page.context().cookies(), []);
});

kaunta.test("only the page's own script runs, and nobody frames the hosted page", async () => {
  const { url, embed_url: embedded } = await session(kaunta);
  const [hosted, framed] = await Promise.all([fetch(url), fetch(embedded)]);
  for (const answer of [hosted, framed]) {
    const policy = answer.headers.get("content-security-policy");
    assert.match(policy, /default-src 'none'; script-src 'nonce-[0-9a-f]{32}'/);
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval'.*unsafe|https?:\/\/\*/);
    assert.equal(answer.headers.get("set-cookie"), null);
    assert.equal(answer.headers.get("cache-control"), "no-store");
  }
  assert.match(hosted.headers.get("content-security-policy"), /frame-ancestors 'none'/);
  assert.equal(hosted.headers.get("x-frame-options"), "DENY");
});

kaunta.test("a link that leads nowhere is told in the reader's language", { allow: /404/, locale: "sw" }, async (page) => {
  const answer = await page.goto(`${kaunta.url}/c/cs_00000000000000000000000000`);
  assert.equal(answer.status(), 404);
  await page.getByRole("heading", { name: "Hakuna ombi la malipo kama hili" }).waitFor();
});

kaunta.test("one question for news is answered in 200 bytes", async () => {
  const { id } = await session(kaunta);
  const answer = await fetch(`${kaunta.url}/ui/status?session=${id}&seen=0`);
  const body = await answer.text();
  assert.match(body, /^version=\d+&phase=open$/);
  assert.ok(body.length <= 200);
});
