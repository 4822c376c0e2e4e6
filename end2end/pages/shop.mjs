// The demo's shop, and sessions made as a shop's own server makes them.

import assert from "node:assert/strict";

/** Buys something at the demo's shop, and is on its checkout then. */
export async function buy(page, url, thing = "Kitenge shirt") {
  await page.goto(`${url}/demo`);
  const good = page.locator("article, li, section").filter({ hasText: thing }).last();
  await good.getByRole("button").click();
  await page.waitForURL(/\/c\/cs_/);
}

/** A session made by the merchant API. */
export async function session(kaunta, wishes = {}) {
  const answer = await api(kaunta, "POST", "/v1/checkout/sessions", { amount: 1500, description: "Kitenge shirt", ...wishes });
  assert.equal(answer.object, "checkout.session", JSON.stringify(answer));
  return answer;
}

/** The session as the merchant sees it now. */
export function seenByShop(kaunta, id) {
  return api(kaunta, "GET", `/v1/checkout/sessions/${id}`);
}

async function api(kaunta, method, path, body) {
  const key = /sk_test_\w+/.exec(kaunta.server.output())?.[0];
  const answer = await fetch(`${kaunta.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  return answer.json();
}
