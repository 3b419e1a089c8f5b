"""What the README shows works as it stands there."""

from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.repository import ROOT
from tests.support.walkthrough import walk


@pytest.mark.timeout(400)  # it imports the whole of Airflow, beside other tests
def test_each_step_of_the_readme_works_and_prints_what_it_says(tmp_path: Path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    server, subscriber = free_port(), free_port()
    address = f"127.0.0.1:{server}"

    walk(
        ROOT / "README.md",
        tmp_path,
        instead={"127.0.0.1:50051": address, "8400": str(subscriber)},
        CLOCKWIRE_LISTEN=address,
        CLOCKWIRE_SERVER=address,
        AIRFLOW_HOME=str(tmp_path / "airflow"),
        AIRFLOW__CORE__LOAD_EXAMPLES="false",
    )
