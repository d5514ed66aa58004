"""Untrusted Python in a sealed child process; see README.md for what this does not protect."""
