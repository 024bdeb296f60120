#!/usr/bin/env python3
"""Every node tells all others its whole set now and then. `--wrong`: the first node does not listen."""
import sys

from maelstrom import Node

node = Node()
wrong = "--wrong" in sys.argv
elements = set()


@node.on("add")
def add(request):
    elements.add(request["body"]["element"])
    node.reply(request, {"type": "add_ok"})


@node.on("read")
def read(request):
    node.reply(request, {"type": "read_ok", "value": list(elements)})


@node.on("merge")
def merge(message):
    if not (wrong and node.id == "n1"):
        elements.update(message["body"]["elements"])


def spread():
    for other in node.others:
        node.send(other, {"type": "merge", "elements": list(elements)})


node.every(0.2, spread)
node.run()
