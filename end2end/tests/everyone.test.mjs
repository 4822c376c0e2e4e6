// For everyone: each reached state by axe, on the smallest phone, in the dark, in both languages, by keyboard alone.

import assert from "node:assert/strict";
import { Checkout } from "../pages/checkout.mjs";
import { session } from "../pages/shop.mjs";
import { SMALL, accessibilityFaults, hydrated } from "../support/browser.mjs";
import { suite } from "../support/suite.mjs";

const kaunta = suite();

const LOOKS = [
  { name: "light", options: {} },
  { name: "dark and small", options: { colorScheme: "dark", viewport: SMALL } },
  { name: "Swahili and small", options: { locale: "sw-KE", viewport: SMALL } },
  { name: "forced colours", options: { forcedColors: "active" } },
  { name: "reduced motion", options: { reducedMotion: "reduce" } },
];

/** How to reach each state: the query of the page, and the number that brings it about. */
const STATES = [
  { phase: "open" },
  { phase: "open", query: "?by=hand" },
  { phase: "open", typed: "0733 123 456" },
  { phase: "open", typed: "07", pressed: true },
  { phase: "waiting", number: "0712345801" },
  { phase: "paid", number: "0712345802" },
  { phase: "failed", number: "0700001001" },
  { phase: "failed", number: "0700001010" },
  { phase: "failed", number: "0700001037" },
  { phase: "failed", number: "0700001086" },
];

async function reach(page, { phase, query = "", typed, pressed, number }) {
  const { url } = await session(kaunta, { line_items: [{ name: "Shirt", quantity: 1, amount: 1000 }, { name: "Tie", quantity: 2, amount: 250 }] });
  await page.goto(url + query);
  await hydrated(page);
  const field = page.locator("#phone");
  if (typed || number) {
    await field.fill(typed ?? number);
    await field.press("Tab");
  }
  if (pressed || number) await page.locator("#pay-button").click();
  await page.locator(`#stage[data-phase="${phase}"]`).waitFor();
}

for (const { name, options } of LOOKS) {
  kaunta.test(`every state can be used by everyone: ${name}`, options, async (page) => {
    for (const state of STATES) {
      await reach(page, state);
      const named = JSON.stringify(state);
      assert.deepEqual(await accessibilityFaults(page), [], named);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= page.viewportSize().width, `${named} is ${width} px wide`);
      assert.deepEqual(await smallTargets(page), [], named);
    }
  });
}

/** What can be pressed and is smaller than 44 px. */
function smallTargets(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("button, input:not([type=hidden]), textarea, a, summary")]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }))
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.width < 44 || box.height < 44)
      .map(({ element, box }) => `${element.outerHTML.slice(0, 80)} ${box.width}x${box.height}`),
  );
}

kaunta.test("text of twice the size stays on a small screen", { viewport: SMALL }, async (page) => {
  for (const state of STATES.slice(0, 6)) {
    await reach(page, state);
    await page.addStyleTag({ content: "" }).catch(() => {});
    await page.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"));
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 320, `${JSON.stringify(state)} is ${width} px wide`);
  }
});

kaunta.test("a reader of Swahili is spoken to in Swahili, all the way", { locale: "sw-KE" }, async (page) => {
  const checkout = new Checkout(page, "sw");
  await checkout.open((await session(kaunta)).url);
  assert.equal(await page.locator("html").getAttribute("lang"), "sw");
  await checkout.payFrom("0712345803");
  await checkout.says("Tunasubiri PIN yako ya M-Pesa");
  await checkout.says("Malipo yamepokelewa");
});

kaunta.test("the switch changes the language and keeps it", async (page) => {
  const checkout = new Checkout(page);
  await checkout.open((await session(kaunta)).url);
  await checkout.otherLanguage.click();
  await hydrated(page);
  const swahili = new Checkout(page, "sw");
  await swahili.payFrom("0700001020");
  await swahili.failsWith("PIN si sahihi");
  assert.match(page.url(), /\?lang=sw$/);
  await swahili.otherLanguage.click();
  await checkout.failsWith("The PIN was not right");
});

kaunta.test("the shop's wish for a language counts until the reader chooses", async (page) => {
  const swahili = new Checkout(page, "sw");
  await swahili.open((await session(kaunta, { locale: "sw" })).url);
  await swahili.pay.waitFor();
  await swahili.otherLanguage.click();
  await new Checkout(page).pay.waitFor();
});

kaunta.test("a shopper pays by keyboard alone, and the focus goes where the news is", async (page) => {
  const checkout = new Checkout(page);
  await checkout.open((await session(kaunta)).url);
  const focused = () => page.evaluate(() => document.activeElement.id);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "phone");
  await page.keyboard.type("07123");
  await page.keyboard.press("Enter");
  await page.getByText("Some digits of the phone number are missing.").waitFor();
  assert.equal(await focused(), "phone");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("0700001020");
  await page.keyboard.press("Enter");
  await checkout.failsWith("The PIN was not right");
  assert.equal(await focused(), "title");
  for (let tabs = 0; (await focused()) !== "phone"; tabs += 1) {
    assert.ok(tabs < 5, "the field follows the heading closely");
    await page.keyboard.press("Tab");
  }
  await page.keyboard.type("0712345804");
  await page.keyboard.press("Enter");
  await checkout.says("Payment received");
  assert.equal(await focused(), "title");
});

kaunta.test("each change is spoken once", async (page) => {
  const checkout = new Checkout(page);
  await checkout.open((await session(kaunta)).url);
  await page.evaluate(() => {
    globalThis.spoken = [];
    const note = () => {
      const text = document.getElementById("status").textContent.trim();
      if (text !== globalThis.spoken.at(-1)) globalThis.spoken.push(text);
    };
    new MutationObserver((changes) => changes.forEach(note)).observe(document.getElementById("status"), {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
  await checkout.payFrom("0712345805");
  await checkout.says("Payment received");
  const spoken = await page.evaluate(() => globalThis.spoken);
  assert.deepEqual(
    spoken.filter((text) => /^(Waiting|Payment)/.test(text)).map((text) => text.split(" · ")[0]),
    ["Waiting for your M-Pesa PIN", "Payment received"],
  );
});
