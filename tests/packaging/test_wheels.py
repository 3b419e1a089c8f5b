"""Both distributions install where the server is not, and beside the oldest and the newest libraries they promise."""

import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support.environments import build_wheel, install, run_python
from tests.support.repository import ROOT

PARTS_OF_THE_SERVER = ("api", "cli", "model", "operations", "rpc", "server", "settings", "storage", "web", "webhooks")

# Imports all that a package has, and fails when that imports a part of the server.
IMPORT_ALL = f"""
import importlib, pkgutil, sys

def import_all(*names):
    for name in names:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(getattr(package, "__path__", []), name + "."):
            importlib.import_module(module.name)
    for part in {PARTS_OF_THE_SERVER}:
        assert "clockwire." + part not in sys.modules, part
"""


@pytest.fixture(scope="session")
def client_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of `clockwire`: the contract, the client, and the server for those who ask for it."""
    return build_wheel(ROOT, tmp_path_factory.mktemp("clockwire"))


@pytest.fixture(scope="session")
def provider_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of `airflow-provider-clockwire`."""
    return build_wheel(ROOT / "airflow_provider", tmp_path_factory.mktemp("provider"))


@pytest.fixture(params=["oldest", "newest"])
def versions(request: pytest.FixtureRequest, client_wheel: Path, tmp_path: Path) -> Path:
    """Constraints: the lower bounds that the client declares, or what we develop with."""
    if request.param == "newest":
        return ROOT / "constraints.txt"
    oldest = tmp_path / "oldest.txt"
    base = [each for each in _requirements(client_wheel) if each.marker is None]
    oldest.write_text("".join(f"{each}\n".replace(">=", "==") for each in base))
    return oldest


def test_the_client_needs_nothing_of_the_server(client_wheel, versions, request):
    name = "client-" + request.node.callspec.params["versions"]
    python = install(name, wheels=[client_wheel], versions=versions)

    run_python(python, IMPORT_ALL + "import_all('clockwire.v1', 'clockwire.client')")


@pytest.mark.alone
@pytest.mark.timeout(300)
def test_the_provider_needs_nothing_of_the_server(client_wheel, provider_wheel, tmp_path):
    python = install("provider", wheels=[client_wheel, provider_wheel], versions=ROOT / "constraints.txt")

    found = run_python(python, IMPORT_PROVIDER, AIRFLOW_HOME=str(tmp_path))

    assert found.splitlines()[-1] == "airflow-provider-clockwire"


# What of the server no Airflow brings along; an extra that crept in would bring it.
IMPORT_PROVIDER = f"""
{IMPORT_ALL}
from importlib.util import find_spec

import_all('clockwire_provider')
assert not any(map(find_spec, ["pycurl", "orjson", "grpc_health", "grpc_reflection", "psycopg"]))
from clockwire_provider.get_provider_info import get_provider_info
print(get_provider_info()["package-name"])
"""


def test_the_provider_asks_for_airflow_and_the_client_alone(provider_wheel):
    wanted = {each.name: each.extras for each in _requirements(provider_wheel)}

    assert wanted == {"apache-airflow": set(), "clockwire": set()}


def test_the_wheels_hold_their_packages_and_nothing_else(client_wheel, provider_wheel):
    assert _top_level(client_wheel) == {"clockwire"}
    assert _top_level(provider_wheel) == {"clockwire_provider"}


def test_the_client_is_typed(client_wheel):
    assert {"clockwire/py.typed", "clockwire/v1/records_pb2.pyi"} <= set(zipfile.ZipFile(client_wheel).namelist())


def _requirements(wheel: Path) -> list[Requirement]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return [Requirement(text) for text in BytesParser().parsebytes(archive.read(name)).get_all("Requires-Dist", [])]


def _top_level(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name.partition("/")[0] for name in archive.namelist() if ".dist-info/" not in name}
