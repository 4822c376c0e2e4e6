// The demo starts, answers, and is gone again when told to stop.

import assert from "node:assert/strict";
import { suite } from "../support/suite.mjs";

const kaunta = suite();

kaunta.test("the server is healthy", async (page) => {
  const answer = await page.goto(`${kaunta.url}/healthz`);
  assert.equal(answer.status(), 200);
});
