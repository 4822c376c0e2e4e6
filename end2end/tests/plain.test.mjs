// Without JavaScript, the whole way: forms, pages that refresh themselves, words.

import assert from "node:assert/strict";
import { Checkout } from "../pages/checkout.mjs";
import { buy, session } from "../pages/shop.mjs";
import { suite } from "../support/suite.mjs";

const kaunta = suite();
const PLAIN = { javaScriptEnabled: false };
// A refused form is answered 422, which browsers log.
const REFUSED = { ...PLAIN, allow: /422/ };

kaunta.test("a shopper pays without JavaScript", PLAIN, async (page) => {
  const checkout = new Checkout(page);
  await buy(page, kaunta.url);
  await checkout.payFrom("0712 345 701");
  await checkout.says("Waiting for your M-Pesa PIN");
  // Nothing is pressed from here on.
  await checkout.says("Payment received");
  assert.match(page.url(), /\/c\/cs_\w+$/);
});

kaunta.test("a failure and a second try without JavaScript", PLAIN, async (page) => {
  const checkout = new Checkout(page);
  await checkout.open((await session(kaunta)).url, { live: false });
  await checkout.payFrom("0700001020");
  await checkout.failsWith("The PIN was not right");
  await checkout.phone.fill("0712345702");
  await checkout.again.click();
  await checkout.says("Payment received");
});

kaunta.test("a mistyped number is named without JavaScript, and kept", REFUSED, async (page) => {
  const checkout = new Checkout(page);
  const { url } = await session(kaunta);
  await checkout.open(url, { live: false });
  await checkout.payFrom("0712 34");
  await page.getByText("Some digits of the phone number are missing.").waitFor();
  assert.equal(await checkout.phone.inputValue(), "0712 34");
  // A reload by the address of the form lands on the page.
  await page.goto(`${url}/pay`);
  assert.equal(page.url(), url);
});

kaunta.test("the steps by hand and the claim without JavaScript, in Swahili", REFUSED, async (page) => {
  const checkout = new Checkout(page);
  const { url, paybill } = await session(kaunta);
  await checkout.open(url, { live: false });
  await checkout.otherLanguage.click();
  const swahili = new Checkout(page, "sw");
  await swahili.byHand.click();
  assert.equal(await swahili.value("Nambari ya akaunti"), paybill.account);
  assert.match(page.url(), /\?lang=sw&by=hand$/);
  await swahili.claim.fill("siyo nambari");
  await swahili.find.click();
  await page.getByText("Hakuna nambari ya M-Pesa hapa.").waitFor();
});

kaunta.test("a framed page posts its forms inside the frame's own address", PLAIN, async (page) => {
  const checkout = new Checkout(page);
  const { embed_url: url } = await session(kaunta);
  await checkout.open(url, { live: false });
  await checkout.payFrom("0712345703");
  await checkout.says("Payment received");
  assert.equal(page.url(), url);
});
