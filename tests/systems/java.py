"""Servers that are Java programs."""

import shutil
from pathlib import Path

# Little, and little of it compiled: test servers are small and live for seconds.
OPTIONS = '-Xms128m -Xmx512m -XX:TieredStopAtLevel=1 -XX:-UsePerfData'


def home():
    """The folder of the Java that is first on the path."""
    java = shutil.which('java')
    if java is None:
        raise SystemExit('there is no java; run tests/setup')
    return str(Path(java).resolve().parent.parent)
