#!/usr/bin/env python3
"""A key-value store on the network's own `lin-kv`, which is linearizable, so this is.

`--wrong`: it remembers what it read and wrote for a while, and answers reads from that.
"""
import sys

from maelstrom import Node

node = Node()
wrong = "--wrong" in sys.argv
remembered = {}


def pass_on(request):
    body = {key: value for key, value in request["body"].items() if key != "msg_id"}
    key = str(body["key"])
    if wrong and body["type"] == "read" and key in remembered:
        return node.reply(request, {"type": "read_ok", "value": remembered[key]})

    def done(answer):
        if answer["type"] == "read_ok":
            remembered[key] = answer["value"]
            node.after(0.5, lambda: remembered.pop(key, None))
        node.reply(request, {name: value for name, value in answer.items() if name not in ("in_reply_to", "msg_id")})

    node.rpc("lin-kv", body, done)


for kind in ("read", "write", "cas"):
    node.on(kind)(pass_on)
node.run()
