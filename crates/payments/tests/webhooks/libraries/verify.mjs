// Verifies a webhook with the public libraries for JavaScript, and makes sure that they refuse a changed one.
// Usage: verify.mjs FOLDER_OF_NODE_MODULES FILE, the file being {"secrets", "headers", "body"}.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";

const [folder, file] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const { secrets, headers, body } = JSON.parse(readFileSync(file, "utf8"));

for (const name of ["standardwebhooks", "svix"]) {
  const { Webhook } = require(name);
  for (const secret of secrets) {
    const webhook = new Webhook(secret);
    assert.deepEqual(webhook.verify(body, headers), JSON.parse(body), name);
    assert.throws(() => webhook.verify(body.replace("1500", "1501"), headers), /signature/i, name);
    const other = { ...headers, "webhook-id": `${headers["webhook-id"]}x` };
    assert.throws(() => webhook.verify(body, other), /signature/i, name);
  }
  const stranger = new Webhook(`whsec_${Buffer.alloc(32, 7).toString("base64")}`);
  assert.throws(() => stranger.verify(body, headers), /signature/i, name);
  console.log(`${name} ${require(`${name}/package.json`).version}: ${secrets.length} secrets verify`);
}
