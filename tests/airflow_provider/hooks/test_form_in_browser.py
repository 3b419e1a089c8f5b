"""The connection as a person makes it: in a browser, in Airflow's own form."""

import shutil

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from examples.demo.airflow_stack import AirflowStack
from tests.support.repository import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# Without these Chromium calls home as it starts, and as root it runs only without its sandbox.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    """The part of an Airflow that a browser sees."""
    folder = tmp_path_factory.mktemp("airflow")
    stack = AirflowStack(folder, folder / "dags", connections={})
    try:
        stack.prepare(ROOT / ".cache" / "airflow-template.db")
        stack.start("api-server")
        stack.until("the API answers", lambda: stack.call("GET", "/api/v2/monitor/health"), seconds=120)
        yield stack
    finally:
        stack.stop(*tuple(stack.running))


@pytest.fixture
def page(airflow):
    """The list of connections, with none in it, in Debian's Chromium."""
    for known in airflow.call("GET", "/api/v2/connections")["connections"]:
        airflow.call("DELETE", f"/api/v2/connections/{known['connection_id']}")
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        assert program, "Chromium is needed: apt-get install chromium"
        with playwright.chromium.launch(executable_path=program, args=[*QUIET, "--disable-sync"]) as browser:
            page = browser.new_page(viewport={"width": 1400, "height": 1400})
            page.goto(f"{airflow.address}/connections")
            yield page


def add_connection(page: Page, server, *, api_key, plaintext=True):
    """A connection is filled in and saved."""
    page.get_by_role("button", name="Add Connection").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").click()
    page.keyboard.type("Clockwire")
    page.keyboard.press("Enter")
    host, _, port = server.target.rpartition(":")
    for name, value in {"connection_id": "ours", "host": host, "port": port, "password": api_key}.items():
        dialog.locator(f"input[name={name}]").fill(value)
    dialog.get_by_text("Extra Fields", exact=True).click()
    if plaintext:
        dialog.locator("label", has=page.locator("input[name=element_tls]")).click()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()


def test_a_connection_that_was_filled_in_works_and_shows_so(page, airflow, server):
    add_connection(page, server, api_key=server.api_key)

    page.get_by_role("button", name="Test Connection").click()

    expect(page.get_by_role("button", name="Test Connection").locator("svg[color=green]")).to_be_visible(timeout=15_000)
    stored = airflow.call("GET", "/api/v2/connections/ours")
    assert stored["conn_type"] == "clockwire"
    assert stored["password"] == "***"


def test_a_wrong_key_is_said_in_words(page, server):
    add_connection(page, server, api_key="cw_live_wrong")

    page.get_by_role("button", name="Test Connection").click()

    expect(page.get_by_text("Test Connection Failed")).to_be_visible(timeout=15_000)
    expect(page.get_by_text("API key", exact=False).last).to_be_visible()


def test_a_server_that_speaks_no_tls_is_said_in_words(page, server):
    add_connection(page, server, api_key=server.api_key, plaintext=False)

    page.get_by_role("button", name="Test Connection").click()

    expect(page.get_by_text("Test Connection Failed")).to_be_visible(timeout=15_000)
    expect(page.get_by_text("TLS", exact=False).last).to_be_visible()


def test_the_form_asks_for_what_a_connection_needs_and_hides_the_rest(page):
    page.get_by_role("button", name="Add Connection").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").click()
    page.keyboard.type("Clockwire")
    page.keyboard.press("Enter")

    for name in ("host", "port", "password"):
        expect(dialog.locator(f"input[name={name}]")).to_be_visible()
    for name in ("login", "schema"):
        expect(dialog.locator(f"input[name={name}]")).to_have_count(0)
    expect(dialog.get_by_text("API key", exact=True)).to_be_visible()
    dialog.get_by_text("Extra Fields", exact=True).click()
    expect(dialog.locator("[name=element_ca_pem]")).to_be_visible()
