"""Write the migration from the newest one to the tables that the code declares.

    python scripts/new_migration.py "What changes"

Every ``store.py`` is imported, a throw-away SQLite database is brought to the newest migration, and Alembic writes
the difference to ``storage/migrations/versions/NNNN_what_changes.py``. Read what it wrote: a renamed column looks to it
like one dropped and one added. ``tests/storage/test_migrations.py`` then proves it on both databases.
"""

import importlib
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command

from wagate.storage.connect import writer_engine
from wagate.storage.schema import MIGRATIONS, alembic_config, revisions

SOURCES = Path(__file__).parents[1] / "src"


def main(message: str) -> None:
    for path in [*sorted(SOURCES.glob("wagate/**/store.py")), SOURCES / "wagate/storage/canary.py"]:
        importlib.import_module(".".join(path.relative_to(SOURCES).with_suffix("").parts))
    known = revisions()
    number = f"{int(known[-1]) + 1 if known else 1:04}"
    with tempfile.TemporaryDirectory() as folder:
        engine = writer_engine(f"sqlite:///{folder}/scratch.db")
        with engine.begin() as connection:
            config = alembic_config(connection)
            if known:
                command.upgrade(config, "head")
            command.revision(config, message, autogenerate=True, rev_id=number)
        engine.dispose()
    (written,) = (MIGRATIONS / "versions").glob(f"{number}_*.py")
    lines = written.read_text().splitlines(keepends=True)
    written.write_text("".join(line for line in lines if not line.lstrip().startswith("# ###")))
    ruff = [sys.executable, "-m", "ruff"]
    subprocess.run([*ruff, "format", "--quiet", written], check=True)
    subprocess.run([*ruff, "check", "--quiet", "--fix", written], check=True)
    print(written.relative_to(SOURCES.parent))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
