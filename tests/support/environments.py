"""Environments of their own, to install our wheels into as others would."""

import os
import subprocess
import sys
from pathlib import Path

from uv import find_uv_bin

from tests.support.repository import ROOT


def build_wheel(project: Path, folder: Path) -> Path:
    """The wheel of a distribution, as it would be published."""
    _run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, folder=project)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(name: str, *, wheels: list[Path], versions: Path) -> Path:
    """The Python of an environment with these wheels and what they ask for; it is kept for the next run."""
    environment = ROOT / ".cache" / "environments" / name
    python = environment / "bin" / "python"
    if not python.exists():
        _run(find_uv_bin(), "venv", "--quiet", "--python", sys.executable, environment)
    command = [find_uv_bin(), "pip", "install", "--quiet", "--python", str(python), "--constraint", str(versions)]
    _run(*command, "--reinstall-package=clockwire", "--reinstall-package=airflow-provider-clockwire", *wheels)
    return python


def run_python(python: Path, program: str, **environment: str) -> str:
    """What *program* prints when that Python runs it, away from the repository."""
    return _run(python, "-I", "-c", program, folder=python.parent, **environment)


def _run(*command: str | Path, folder: Path = ROOT, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
