"""The command line: each file parses one command, calls one verb and prints what came of it."""
