"""``python -m kansym``: the same as the command ``kansym``."""

import sys

from kansym.cli import main

if __name__ == "__main__":
    sys.exit(main())
