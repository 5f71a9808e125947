"""The command line: a module a command, with its arguments and its run.

A command imports what it needs when it runs: help and wrong arguments are answered at once.
"""
