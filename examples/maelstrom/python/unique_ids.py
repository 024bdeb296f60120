#!/usr/bin/env python3
"""Ids by the node's own name and a count. `--wrong`: by the count alone."""
import itertools
import sys

from maelstrom import Node

node = Node()
wrong = "--wrong" in sys.argv
counts = itertools.count()


@node.on("generate")
def generate(request):
    count = next(counts)
    node.reply(request, {"type": "generate_ok", "id": count if wrong else f"{node.id}-{count}"})


node.run()
