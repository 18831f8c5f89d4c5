"""Let the tests in this folder import tests/desk.py as those beside it do."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
