#!/usr/bin/env python3
"""For txn-list-append and txn-rw-register: all data under one key of `lin-kv`, replaced as a whole if it is still what was
read. `--wrong`: replaced whatever it is by then."""
import copy
import sys

from maelstrom import Node

node = Node()
wrong = "--wrong" in sys.argv


@node.on("txn")
def txn(request):
    def apply(found):
        if found["type"] == "error" and found["code"] != 20:
            return node.error(request, 14, "the data could not be read")
        before = found.get("value")
        data = copy.deepcopy(before or {})
        steps = []
        for f, key, value in request["body"]["txn"]:
            if f == "r":
                steps.append([f, key, copy.deepcopy(data.get(str(key)))])
                continue
            data[str(key)] = (data.get(str(key)) or []) + [value] if f == "append" else value
            steps.append([f, key, value])

        def written(answer):
            if answer["type"] == "error":
                code = {22: 30, 0: 0}.get(answer["code"], 13)
                return node.error(request, code, "somebody was first" if code == 30 else "not known")
            node.reply(request, {"type": "txn_ok", "txn": steps})

        write = {"key": "data", "to": data, "from": before, "create_if_not_exists": before is None}
        node.rpc("lin-kv", {"type": "write", "key": "data", "value": data} if wrong else {"type": "cas", **write}, written)

    node.rpc("lin-kv", {"type": "read", "key": "data"}, apply)


node.run()
