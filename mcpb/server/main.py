"""What a host starts inside of an installed bundle: the console script, by its own file.

The host's `uv` runs this file, so its folder and not the workspace comes first when modules are
looked for.
"""

from rlm_server.cli import main

if __name__ == "__main__":
    main()
