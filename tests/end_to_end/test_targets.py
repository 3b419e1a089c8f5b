"""Webhooks go to public addresses over https alone, and elsewhere only where the operator permits it."""

import pytest

from clockwire.client.errors import TargetUrlRefused
from clockwire.v1.deliveries_pb2 import Delivery, DeliveryAttempt
from clockwire.v1.subscriptions_pb2 import RetryPolicy
from tests.support.product import Product, product_at
from tests.support.receivers import Authority
from tests.support.server import ON_SQLITE
from tests.support.verifying import verify

OUTCOMES = DeliveryAttempt.Outcome


@ON_SQLITE
async def test_an_endpoint_with_a_ca_of_its_own_is_trusted_if_that_ca_was_given(database_url: str):
    authority = Authority()
    async with product_at(database_url, tls=authority.server_context("127.0.0.1")) as product:
        _, secret = await product.subscribe("client.*", ca_certificate_pem=authority.pem)
        await product.subscribe("category.*", retry_policy=RetryPolicy(disabled=True))
        trusted = await product.ended(await product.change())
        made = await product.client.create("category", category_name="A")
        refused = await product.ended(made.mutation.event_ids[0])

        assert trusted.delivery.state == Delivery.STATE_SUCCEEDED
        verify((await product.received())[0], secret)
        assert [each.outcome for each in refused.attempts] == [OUTCOMES.OUTCOME_TLS_ERROR]
        assert len(product.receiver.received) == 1


@ON_SQLITE
@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://127.0.0.1/", "127.0.0.0/8"),
        ("https://10.1.2.3/", "10.0.0.0/8"),
        ("https://169.254.169.254/latest/meta-data", "169.254.0.0/16"),
        ("https://[::1]/", "::1/128"),
        ("https://localhost/", "loopback"),
    ],
)
async def test_without_permission_no_inner_address_is_subscribed_and_the_refusal_names_its_range(
    database_url: str, url: str, named: str
):
    async with product_at(database_url, allow_target=()) as product:
        with pytest.raises(TargetUrlRefused) as refused:
            await product.subscribe(url=url)
    assert named in refused.value.metadata["range"]


@ON_SQLITE
async def test_plain_http_is_for_permitted_addresses_alone(database_url: str):
    async with product_at(database_url) as product:
        for url in ("http://192.0.2.1/", "http://8.8.8.8/"):
            with pytest.raises(TargetUrlRefused):
                await product.subscribe(url=url)


async def test_an_address_that_was_permitted_once_is_refused_when_it_is_connected_to(database_url: str):
    async with product_at(database_url) as product:
        await product.subscribe(retry_policy=RetryPolicy(disabled=True))
        api_key, receiver = product.server.api_key, product.receiver
    async with product_at(database_url, allow_target=()) as later, later.server.client(api_key) as client:
        forbidden = Product(later.server, client, receiver)
        answer = await forbidden.ended(await forbidden.change())
    assert [each.outcome for each in answer.attempts] == [OUTCOMES.OUTCOME_ADDRESS_REFUSED]
    assert answer.delivery.state == Delivery.STATE_EXHAUSTED
    assert not receiver.received
