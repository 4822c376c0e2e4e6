// A shopper pays: by the prompt, after mistakes, by hand, across reloads and tabs.

import assert from "node:assert/strict";
import { Checkout } from "../pages/checkout.mjs";
import { Phone } from "../pages/phone.mjs";
import { buy, seenByShop, session } from "../pages/shop.mjs";
import { hydrated } from "../support/browser.mjs";
import { suite } from "../support/suite.mjs";

const kaunta = suite();

/** The payer's phone beside the checkout. */
async function phoneOf(page, number) {
  const phone = new Phone(await page.context().newPage());
  await phone.open(kaunta.url, number);
  return phone;
}

kaunta.test("a shopper buys, enters the PIN on the phone, and is paid up", async (page) => {
  const phone = await phoneOf(page, "0712345601");
  const checkout = new Checkout(page);
  await buy(page, kaunta.url);
  await hydrated(page);
  await checkout.payFrom("0712 345 601");
  await checkout.says("Waiting for your M-Pesa PIN");
  assert.match(await phone.asks(), /Ksh1,500\.00 to Duka Bora/);
  await phone.enter("1234");
  await checkout.says("Payment received");
  const receipt = await checkout.receipt();
  assert.equal(await checkout.value("M-Pesa code"), receipt);
  await phone.messages.filter({ hasText: receipt }).waitFor();
  await page.getByRole("link", { name: "Back to Duka Bora" }).waitFor();
});

kaunta.test("who cancels on the phone tries again in the same session without typing the number", async (page) => {
  const phone = await phoneOf(page, "0712345602");
  const checkout = new Checkout(page);
  const { id, url } = await session(kaunta);
  await checkout.open(url);
  await checkout.payFrom("0712345602");
  await phone.asks();
  await phone.cancel();
  await checkout.failsWith("The payment was canceled on the phone");
  assert.equal(await checkout.phone.inputValue(), "");
  await checkout.again.click();
  await phone.enter("1234");
  await checkout.says("Payment received");
  const seen = await seenByShop(kaunta, id);
  assert.deepEqual(
    seen.attempts.map((attempt) => attempt.status),
    ["canceled", "succeeded"],
  );
});

kaunta.test("a wrong PIN is told, and the right one is taken after it", async (page) => {
  const phone = await phoneOf(page, "0712345603");
  const checkout = new Checkout(page);
  await checkout.open((await session(kaunta)).url);
  await checkout.payFrom("0712345603");
  await phone.enter("9999");
  await checkout.failsWith("The PIN was not right");
  await checkout.again.click();
  await phone.enter("1234");
  await checkout.says("Payment received");
});

kaunta.test("a phone out of reach leads to the steps of paying by hand", async (page) => {
  const checkout = new Checkout(page);
  await checkout.open((await session(kaunta)).url);
  await checkout.payFrom("0700001037");
  await checkout.failsWith("The phone did not answer");
  await page.getByText("Business number").waitFor();
  await checkout.again.waitFor();
});

kaunta.test("a shopper pays by hand what the steps say, and the page turns to paid", async (page) => {
  const phone = await phoneOf(page, "0712345604");
  const checkout = new Checkout(page);
  const { url, paybill } = await session(kaunta, { amount: 850 });
  await checkout.open(url);
  await checkout.byHand.click();
  await checkout.says("We are watching for your payment");
  const [business, account] = [await checkout.value("Business number"), await checkout.value("Account number")];
  assert.deepEqual({ business_number: business, account }, paybill);
  assert.equal(await checkout.value("Amount"), "KES 850");
  await phone.payBill({ business, account: account.toLowerCase(), amount: "850" });
  await checkout.says("Payment received");
});

kaunta.test("values are copied, and the buttons say so", { permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
  const checkout = new Checkout(page);
  const { url, paybill } = await session(kaunta);
  await checkout.open(`${url}?by=hand`);
  for (const [label, text] of [
    ["Business number", paybill.business_number],
    ["Account number", paybill.account],
    ["Amount", "1500"],
  ]) {
    const button = checkout.copy(label);
    await button.click();
    await checkout.fact(label).getByText("Copied").waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text);
  }
});

kaunta.test("the back button leads back to the form, and forward to the steps", async (page) => {
  const checkout = new Checkout(page);
  const { url } = await session(kaunta);
  await checkout.open(url);
  await checkout.byHand.click();
  await checkout.claim.waitFor();
  await page.goBack();
  await checkout.pay.waitFor();
  assert.equal(page.url(), url);
  await page.goForward();
  await checkout.claim.waitFor();
});

kaunta.test("what is being written outlives news", async (page) => {
  const checkout = new Checkout(page);
  const { url, paybill } = await session(kaunta);
  const phone = await phoneOf(page, "0712345609");
  await checkout.open(`${url}?by=hand`);
  await page.bringToFront();
  await checkout.claim.pressSequentially("UKL52");
  await phone.payBill({ business: paybill.business_number, account: paybill.account, amount: "100" });
  await page.getByText("KES 1,400").first().waitFor();
  assert.equal(await checkout.claim.inputValue(), "UKL52");
});

kaunta.test("part by hand, and the rest by the prompt", async (page) => {
  const phone = await phoneOf(page, "0712345605");
  const checkout = new Checkout(page);
  const { url, paybill } = await session(kaunta);
  await checkout.open(url);
  await phone.payBill({ business: paybill.business_number, account: paybill.account, amount: "1000" });
  await checkout.says("KES 1,000 received");
  assert.equal(await checkout.pay.textContent(), "Pay KES 500");
  await checkout.payFrom("0712345605");
  await phone.enter("1234");
  await checkout.says("Payment received");
});

kaunta.test("a reload in the middle goes on where it was, and so does a second tab", async (page) => {
  const phone = await phoneOf(page, "0712345606");
  const checkout = new Checkout(page);
  const { url } = await session(kaunta);
  await checkout.open(url);
  await checkout.payFrom("0712345606");
  await phone.asks();
  await page.reload();
  await checkout.says("Waiting for your M-Pesa PIN");
  const second = new Checkout(await page.context().newPage());
  await second.open(url);
  await second.says("Waiting for your M-Pesa PIN");
  await phone.enter("1234");
  await Promise.all([checkout.says("Payment received"), second.says("Payment received")]);
});

kaunta.test("a double tap sends one prompt", async (page) => {
  const checkout = new Checkout(page);
  const { id, url } = await session(kaunta);
  await checkout.open(url);
  await checkout.phone.fill("0712345607");
  await checkout.pay.dblclick();
  await checkout.says("Payment received");
  assert.equal((await seenByShop(kaunta, id)).attempts.length, 1);
});

kaunta.test("two tabs that pay at once send one prompt", async (page) => {
  const [first, second] = [new Checkout(page), new Checkout(await page.context().newPage())];
  const { id, url } = await session(kaunta);
  await Promise.all([first.open(url), second.open(url)]);
  await first.phone.fill("0712345608");
  await second.phone.fill("0712345608");
  // At the same moment, as near as can be: one of the buttons is about to vanish.
  const press = ({ page: tab }) => tab.evaluate(() => document.getElementById("pay-button")?.click());
  await Promise.all([press(first), press(second)]);
  await Promise.all([first.says("Payment received"), second.says("Payment received")]);
  assert.equal((await seenByShop(kaunta, id)).attempts.length, 1);
});

kaunta.test("a busy line names the wait, and the button comes back by itself", async (page) => {
  const checkout = new Checkout(page);
  await page.clock.install();
  await checkout.open((await session(kaunta)).url, { live: false });
  // The clock of the test knows no marks.
  await page.locator("html.live").waitFor();
  await checkout.payFrom("0700001010");
  await checkout.failsWith("Another M-Pesa request is open on this phone");
  assert.equal(await checkout.again.isDisabled(), true);
  await page.clock.fastForward("01:01");
  await checkout.again.and(page.locator(":enabled")).waitFor();
});

kaunta.test("a code that nobody knows is looked for, and nonsense is named", async (page) => {
  const checkout = new Checkout(page);
  await checkout.open(`${(await session(kaunta)).url}?by=hand`);
  await checkout.claim.fill("I have paid!");
  await checkout.find.click();
  await page.getByText("There is no M-Pesa code in this.").waitFor();
  assert.equal(await checkout.claim.getAttribute("aria-invalid"), "true");
  assert.equal(await checkout.claim.inputValue(), "I have paid!");
  await checkout.claim.fill("UKL52PAWR9");
  await checkout.find.click();
  await page.getByText("We have not found this payment yet").waitFor();
});

kaunta.test("an expired request says so and takes a code all the same", async (page) => {
  const checkout = new Checkout(page);
  const { id, url } = await session(kaunta);
  await checkout.open(url);
  const key = /sk_test_\w+/.exec(kaunta.server.output())[0];
  await fetch(`${kaunta.url}/v1/checkout/sessions/${id}/expire`, { method: "POST", headers: { authorization: `Bearer ${key}` } });
  await checkout.says("Nothing more can be paid here");
  await checkout.claim.waitFor();
});
