"""Verifies a webhook with the public libraries for Python, and makes sure that they refuse a changed one.

Usage: verify.py FILE, the file being {"secrets", "headers", "body"}.
"""

import base64
import importlib.metadata
import json
import sys

import standardwebhooks
import svix.webhooks

with open(sys.argv[1], encoding="utf-8") as file:
    sent = json.load(file)
headers, body = sent["headers"], sent["body"]
STRANGER = "whsec_" + base64.b64encode(bytes([7] * 32)).decode()


def refused(library, secret, body, headers):
    try:
        library.Webhook(secret).verify(body, headers)
    except library.WebhookVerificationError:
        return True
    return False


for name, library in [("standardwebhooks", standardwebhooks.webhooks), ("svix", svix.webhooks)]:
    for secret in sent["secrets"]:
        library.Webhook(secret).verify(body, headers)
        assert refused(library, secret, body.replace("1500", "1501"), headers), name
        assert refused(library, secret, body, {**headers, "webhook-id": headers["webhook-id"] + "x"}), name
    assert refused(library, STRANGER, body, headers), name
    print(f"{name} {importlib.metadata.version(name)}: {len(sent['secrets'])} secrets verify")
