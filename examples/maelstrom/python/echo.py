#!/usr/bin/env python3
"""The first program to write. `--wrong`: now and then it answers with what somebody else said."""
import sys

from maelstrom import Node

node = Node()
wrong = "--wrong" in sys.argv
count = 0
last = "nothing"


@node.on("echo")
def echo(request):
    global count, last
    count += 1
    said = request["body"]["echo"]
    node.reply(request, {"type": "echo_ok", "echo": last if wrong and count % 5 == 0 else said})
    last = said + "!"


node.run()
