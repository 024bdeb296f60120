#!/usr/bin/env python3
"""For g-counter and pn-counter: what each node added and took, by its name; of two counts of one node the greater is newer.

`--wrong`: all nodes share one count, and the greater of two replaces the other.
"""
import sys

from maelstrom import Node

node = Node()
wrong = "--wrong" in sys.argv
added = {}
taken = {}


@node.on("add")
def add(request):
    name = "all" if wrong else node.id
    delta = request["body"]["delta"]
    counts = added if delta > 0 else taken
    counts[name] = counts.get(name, 0) + abs(delta)
    node.reply(request, {"type": "add_ok"})


@node.on("read")
def read(request):
    node.reply(request, {"type": "read_ok", "value": sum(added.values()) - sum(taken.values())})


@node.on("merge")
def merge(message):
    for counts, theirs in ((added, message["body"]["added"]), (taken, message["body"]["taken"])):
        for name, count in theirs.items():
            counts[name] = max(count, counts.get(name, 0))


def spread():
    for other in node.others:
        node.send(other, {"type": "merge", "added": added, "taken": taken})


node.every(0.2, spread)
node.run()
