"""The Airflow page says everything that the provider has, and its examples are true."""

import importlib
import inspect
import re

import pytest
from airflow.sdk import Connection

from clockwire_provider.assets import clockwire_asset
from clockwire_provider.get_provider_info import get_provider_info
from clockwire_provider.hooks.connection import target_of, terms_of
from tests.support.repository import ROOT

PAGES = ["docs/airflow.md", "airflow_provider/README.md"]


@pytest.fixture(scope="module")
def page():
    """The page's text."""
    return (ROOT / "docs" / "airflow.md").read_text()


@pytest.mark.parametrize("name", PAGES)
def test_every_operator_and_sensor_is_described(name):
    text = (ROOT / name).read_text()
    info = get_provider_info()
    modules = [module for key in ("operators", "sensors") for module in info[key][0]["python-modules"]]
    classes = {
        name
        for module in modules
        for name, kind in inspect.getmembers(importlib.import_module(module), inspect.isclass)
        if kind.__module__ == module
    }

    assert {each for each in classes if each not in text} == set()


def test_every_field_of_the_connection_is_described(page):
    fields = get_provider_info()["connection-types"][0]["conn-fields"]

    assert {
        name: field["label"] for name, field in fields.items() if f"| {field['label']} | `{name}` |" not in page
    } == {}


def test_every_argument_of_the_asset_is_described(page):
    assert {name for name in inspect.signature(clockwire_asset).parameters if f"`{name}`" not in page} == set()


def test_the_connections_of_the_examples_are_understood(page):
    examples = re.findall(r"AIRFLOW_CONN_CLOCKWIRE_DEFAULT='(.+?)'", page, re.DOTALL)
    json_form, uri_form = examples

    stored = Connection.from_json(json_form, conn_id="c")
    assert target_of(stored) == "clockwire.example.com:443"
    assert (terms_of(stored)["timeout"], terms_of(stored)["plaintext"]) == (10, False)
    local = Connection.from_uri(uri_form, conn_id="c")
    assert target_of(local) == "127.0.0.1:50051"
    assert terms_of(local)["plaintext"] is True


@pytest.mark.parametrize("name", PAGES)
def test_the_dags_of_the_examples_can_be_read(name):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)

    for block in blocks:
        if "@dag" in block:
            exec(compile(block, name, "exec"), {})
