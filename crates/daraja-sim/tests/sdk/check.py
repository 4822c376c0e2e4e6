"""Token, push and query with two public SDKs, unchanged: only their host is ours.

Usage: check.py BASE_URL
"""

import asyncio
import os
import sys
import tempfile

BASE_URL = sys.argv[1]
PASSKEY = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919"
CALLBACK = "https://shop.example/cb/python"


async def final(query, attempts=40):
    """Asks until the push is final, as the simulator's phone needs a moment."""
    for _ in range(attempts):
        answer = await query()
        if answer and str(answer.get("ResultCode")) not in ("None", "4999"):
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError("the push never became final")


async def daraja_mcp():
    """mpesa-daraja-mcp: its client and its own tool functions."""
    os.environ.update(
        DARAJA_ENV="sandbox",
        DARAJA_CONSUMER_KEY="sandbox-key",
        DARAJA_CONSUMER_SECRET="sandbox-secret",
        DARAJA_SHORTCODE="174379",
        DARAJA_PASSKEY=PASSKEY,
        DARAJA_STATE_DB=os.path.join(tempfile.mkdtemp(), "state.db"),
    )
    from mpesa_mcp import client as sdk

    sdk.BASE_URLS["sandbox"] = BASE_URL
    from mpesa_mcp import server

    assert len(await server.client().token()) == 28
    pushed = await server._stk_push(
        "0712 000 001", 40, "MCP-1", "Order", "CustomerPayBillOnline", None, CALLBACK, "order-1")
    checkout = next(value for value in vars(pushed)["ids"].values() if str(value).startswith("ws_CO_"))

    async def query():
        try:
            parsed, reply = await server._stk_query_once(checkout)
        except sdk.DarajaError as error:
            # One shape of "not yet" is a 400 about the identifier.
            assert error.body["errorCode"] == "400.002.02", error
            return None
        return reply if parsed else None

    answer = await final(query)
    assert answer["ResultCode"] == "0", answer
    await server.client().aclose()


def django_daraja():
    """django-daraja: token and push. It has no query; ours goes out with its token and through its parser."""
    import django
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=["django_daraja"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USE_TZ=True,
        MPESA_ENVIRONMENT="sandbox",
        MPESA_CONSUMER_KEY="sandbox-key",
        MPESA_CONSUMER_SECRET="sandbox-secret",
        MPESA_EXPRESS_SHORTCODE="174379",
        MPESA_SHORTCODE="174379",
        MPESA_PASSKEY=PASSKEY,
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    import requests
    from django_daraja.mpesa import core, utils

    core.api_base_url = utils.api_base_url = lambda: BASE_URL + "/"
    client = core.MpesaClient()
    assert len(client.access_token()) == 28
    pushed = client.stk_push("0712000002", 55, "DJANGO-1", "Order", CALLBACK)
    assert (pushed.status_code, pushed.response_code) == (200, "0"), pushed.text
    assert pushed.customer_message == "Success. Request accepted for processing"

    refused = client.stk_push("0712000002", 55, "DJANGO-1", "Order", "no url")
    assert refused.error_code in ("400.002.02", "500.001.1001"), refused.text

    timestamp = "20261121090000"
    password = core.base64.b64encode(f"174379{PASSKEY}{timestamp}".encode()).decode()
    body = {"BusinessShortCode": "174379", "Password": password, "Timestamp": timestamp,
            "CheckoutRequestID": pushed.checkout_request_id}

    headers = {"Authorization": "Bearer " + client.access_token()}

    async def query():
        reply = requests.post(f"{BASE_URL}/mpesa/stkpushquery/v1/query", json=body, headers=headers, timeout=10)
        parsed = utils.mpesa_response(reply)
        return None if parsed.error_code else reply.json()

    answer = asyncio.run(final(query))
    assert answer["ResultCode"] == "0", answer


asyncio.run(daraja_mcp())
django_daraja()
print("ok")
