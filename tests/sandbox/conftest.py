"""Lets tests import the payloads that lie beside them as `attacks.…`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
