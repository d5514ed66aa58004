"""The parts of a generated test: where it goes, what it imports, what it asserts."""
