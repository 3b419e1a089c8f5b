"""The example Dags are loaded as Airflow loads them."""

import pytest


@pytest.fixture(scope="module")
def dags():
    """The example Dags by name."""
    from pathlib import Path

    from airflow.dag_processing.dagbag import DagBag

    import clockwire_provider

    bag = DagBag(Path(clockwire_provider.__file__).parent / "example_dags")
    assert bag.import_errors == {}
    return bag.dags


def test_both_examples_are_there(dags):
    assert sorted(dags) == ["example_clockwire_events", "example_clockwire_records"]


def test_the_drain_names_its_asset_as_an_inlet(dags):
    """An asset that no task names is forgotten when its Dag file is away for a minute."""
    drain = dags["example_clockwire_events"].get_task("book")

    assert [asset.name for asset in drain.inlets] == ["clockwire-payroll"]


def test_one_drain_works_at_a_time(dags):
    assert dags["example_clockwire_events"].max_active_runs == 1


def test_a_dag_survives_being_written_to_the_database(dags):
    from airflow.serialization.serialized_objects import DagSerialization

    for dag in dags.values():
        assert DagSerialization.from_dict(DagSerialization.to_dict(dag)).task_dict.keys() == dag.task_dict.keys()
