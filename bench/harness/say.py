"""What is going on, for whoever waits."""

import sys


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)
