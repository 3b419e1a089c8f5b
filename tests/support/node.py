"""JavaScript, run by Node; one comes with Playwright, so that nothing else has to be installed."""

import json
import subprocess
from typing import Any

from playwright._impl._driver import compute_driver_executable


def run_node(program: str, **values: Any) -> Any:
    """What the program assigned to `result`; it finds these values as constants of their names."""
    constants = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())
    whole = f"let result;\n{constants}{program}\nprocess.stdout.write(JSON.stringify(result ?? null));"
    node, _ = compute_driver_executable()
    done = subprocess.run([node, "-"], input=whole, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
