"""What Airflow learns of the provider without importing it."""

import importlib
import json
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import jsonschema
import pytest

from clockwire_provider.get_provider_info import get_provider_info


@pytest.fixture
def schemas():
    """The two schemas that Airflow has: one for what it reads, one for what a provider declares."""
    import airflow

    folder = Path(airflow.__file__).parent
    return [
        json.loads((folder / name).read_text()) for name in ("provider_info.schema.json", "provider.yaml.schema.json")
    ]


def test_the_metadata_is_what_airflow_reads(schemas):
    jsonschema.validate(get_provider_info(), schemas[0])


def test_the_connection_form_is_what_airflow_draws(schemas):
    jsonschema.validate(get_provider_info()["connection-types"], schemas[1]["properties"]["connection-types"])


def test_the_package_has_the_name_it_is_installed_by():
    """Otherwise every command of Airflow fails."""
    assert get_provider_info()["package-name"] == distribution("airflow-provider-clockwire").metadata["Name"]


def test_every_class_and_module_that_is_named_can_be_imported():
    info = get_provider_info()
    classes = [info["connection-types"][0]["hook-class-name"], info["task-decorators"][0]["class-name"]]
    modules = [name for key in ("hooks", "operators", "sensors", "triggers") for name in info[key][0]["python-modules"]]

    for module, _, name in (each.rpartition(".") for each in classes):
        assert hasattr(importlib.import_module(module), name)
    for module in modules:
        importlib.import_module(module)


def test_every_module_with_operators_is_named(folder_of_the_provider):
    info = get_provider_info()
    named = {name for key in ("operators", "sensors") for name in info[key][0]["python-modules"]}
    files = [*folder_of_the_provider.glob("operators/*.py"), *folder_of_the_provider.glob("sensors/*.py")]

    assert named == {f"clockwire_provider.{file.parent.name}.{file.stem}" for file in files if file.stem != "__init__"}


def test_secrets_of_the_form_are_masked_by_airflow():
    """Airflow goes by a field's name: `format: password` alone hides nothing outside the form."""
    from airflow.sdk._shared.secrets_masker import should_hide_value_for_key

    fields = get_provider_info()["connection-types"][0]["conn-fields"]
    secret = [name for name, field in fields.items() if field["schema"].get("format") == "password"]

    assert secret == ["client_private_key_pem"]
    assert all(should_hide_value_for_key(name) for name in secret)


def test_reading_dag_files_starts_neither_grpc_nor_the_client(folder_of_the_provider):
    """Dag files are parsed all the time, in processes that fork others."""
    program = f"""
import runpy, sys
from clockwire_provider.get_provider_info import get_provider_info
get_provider_info()
for name in ("events", "records"):
    runpy.run_path(f"{folder_of_the_provider}/example_dags/example_clockwire_{{name}}.py")
print([name for name in sys.modules if name.split(".")[0] in ("grpc", "clockwire")])
"""
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)

    assert ran.stdout.splitlines()[-1] == "[]"
