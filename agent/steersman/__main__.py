"""`python -m steersman`."""

import sys

from .interfaces.cli import main

sys.exit(main())
