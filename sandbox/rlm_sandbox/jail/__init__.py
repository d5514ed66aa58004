"""The kernel's part of the sandbox: Landlock, seccomp, rlimits and process attributes.

No well-kept Python binding covers these, so each is a bare system call through ctypes; every
constant names the kernel header it is from.
"""
