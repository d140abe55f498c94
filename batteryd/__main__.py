"""`python -m batteryd` is the `batteryd` command."""

import sys

from batteryd.cli.main import main

sys.exit(main())
