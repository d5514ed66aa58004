"""The ten rlm_* tools, one file each; no transport in them."""
