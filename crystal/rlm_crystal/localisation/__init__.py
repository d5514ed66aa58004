"""How well a ranking finds the files a change will touch, measured on a repository's own history.

The messages of commits, or texts of one's own that belong to commits, are the questions, the source
files they changed the answers, and what is searched is the repository as it was before the commit.
"""
