// The payer's phone, as the simulator draws it at `/demo/phone`.

export class Phone {
  /** @param {import("playwright-core").Page} page */
  constructor(page) {
    this.page = page;
    this.prompt = page.getByRole("dialog");
    this.messages = page.getByRole("log", { name: "Notifications" });
  }

  /** Opens the phone of `number`; it answers to nobody else. */
  async open(url, number) {
    await this.page.goto(`${url}/demo/phone?phone=${number}`);
    // What is known of the line stands beside the phone once the phone is attended.
    await this.page.locator("#balance").filter({ hasText: /\d/ }).waitFor();
  }

  /** Waits for a prompt and reads it. */
  async asks() {
    await this.prompt.waitFor();
    return this.prompt.innerText();
  }

  async enter(pin) {
    await this.prompt.waitFor();
    for (const digit of pin) {
      await this.prompt.getByRole("button", { name: digit, exact: true }).click();
    }
    await this.prompt.getByRole("button", { name: "OK" }).click();
  }

  async cancel() {
    await this.prompt.getByRole("button", { name: "Cancel" }).click();
  }

  /** Pays through the M-PESA menu, typing what the checkout shows. */
  async payBill({ business, account, amount }) {
    await this.page.getByRole("button", { name: "M-PESA menu" }).click();
    await this.page.getByRole("button", { name: /^Pay Bill/ }).click();
    await this.page.getByLabel("Business number").fill(business);
    await this.page.getByLabel("Account number").fill(account);
    await this.page.getByLabel("Amount").fill(amount);
    await this.page.getByLabel("PIN", { exact: true }).fill("1234");
    await this.page.getByRole("button", { name: "Send" }).click();
  }
}
