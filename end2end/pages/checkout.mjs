// The shopper's page, by the texts and roles that are promised to everyone.

import { hydrated } from "../support/browser.mjs";

const TEXTS = {
  en: {
    phone: "M-Pesa phone number",
    pay: /^Pay KES [\d,]+$/,
    again: "Try again",
    byHand: "Pay with paybill instead",
    claim: "M-Pesa message or code",
    find: "Find my payment",
    otherLanguage: "Kiswahili",
  },
  sw: {
    phone: "Nambari ya simu ya M-Pesa",
    pay: /^Lipa KES [\d,]+$/,
    again: "Jaribu tena",
    byHand: "Lipa kwa Paybill badala yake",
    claim: "Ujumbe au nambari ya M-Pesa",
    find: "Tafuta malipo yangu",
    otherLanguage: "English",
  },
};

export class Checkout {
  /**
   * @param {import("playwright-core").Page} page
   * @param {"en" | "sw"} language that the page is expected to speak
   */
  constructor(page, language = "en") {
    const texts = TEXTS[language];
    const button = (name) => page.getByRole("button", { name, exact: true });
    this.page = page;
    this.heading = page.getByRole("heading", { level: 1 });
    this.status = page.getByRole("status");
    this.alert = page.getByRole("alert");
    this.phone = page.getByRole("textbox", { name: texts.phone });
    this.pay = page.getByRole("button", { name: texts.pay });
    this.again = button(texts.again);
    this.byHand = button(texts.byHand);
    this.claim = page.getByRole("textbox", { name: texts.claim });
    this.find = button(texts.find);
    this.otherLanguage = button(texts.otherLanguage);
  }

  /** Opens a checkout by its address and waits until it is live, where there is JavaScript. */
  async open(url, { live = true } = {}) {
    await this.page.goto(url);
    if (live) await hydrated(this.page);
  }

  async payFrom(number) {
    await this.phone.fill(number);
    await this.pay.click();
  }

  /** Waits until the status region says `text`. */
  async says(text) {
    await this.status.filter({ hasText: text }).waitFor();
  }

  /** Waits for the alert of a failed attempt. */
  async failsWith(text) {
    await this.alert.filter({ hasText: text }).waitFor();
  }

  /** A labelled value, such as `Account number`. */
  fact(label) {
    return this.page.locator(".fact").filter({ has: this.page.getByText(label, { exact: true }) }).first();
  }

  /** What the value says. */
  value(label) {
    return this.fact(label).locator(".value").textContent();
  }

  copy(label) {
    return this.page.getByRole("button", { name: `Copy ${label}`, exact: true });
  }

  /** The receipt that the status region names. */
  async receipt() {
    const said = await this.status.textContent();
    return /\b[A-Z0-9]{10}\b/.exec(said)?.[0];
  }
}
