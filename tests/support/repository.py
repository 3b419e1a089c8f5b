"""Which files the repository has, as git sees them, new ones included."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

GENERATED = ("core/clockwire/v1/", "core/clockwire/model/comments.py", "core/clockwire/storage/migrations/versions/")


@cache
def repository_files() -> tuple[Path, ...]:
    """Every file, relative to the root, that is or would be committed."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return tuple(sorted({Path(name) for name in names if name and (ROOT / name).is_file()}))


def python_files() -> list[Path]:
    """The Python files that people write and read; generated code and migrations are apart."""
    return [file for file in repository_files() if file.suffix == ".py" and not file.as_posix().startswith(GENERATED)]
