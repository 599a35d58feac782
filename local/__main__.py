"""`python -m local`: the command line of this machine's deployment."""

import sys

from local.cli import main

if __name__ == "__main__":
    sys.exit(main())
