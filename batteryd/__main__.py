"""`python -m batteryd` is the `batteryd` command."""

import sys

from batteryd.cli import main

sys.exit(main())
