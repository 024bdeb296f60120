package main

import "github.com/anishathalye/porcupine"

// absent is what no history writes.
const absent = -1 << 40

type registerInput struct {
	f        string
	from, to int
}

type registerOutput struct {
	isUnknown bool // of a call without an answer: it fits any state
	isAny     bool // a read that does not say what it saw
	isFound   bool // a compare-and-set: whether the comparison held
	value     int
}

// A compare-and-set register.
func register(initial int) porcupine.Model {
	return porcupine.Model{
		Init: func() interface{} { return initial },
		Step: func(state, input, output interface{}) (bool, interface{}) {
			current := state.(int)
			asked := input.(registerInput)
			answer := output.(registerOutput)
			switch asked.f {
			case "read":
				return answer.isUnknown || answer.isAny || answer.value == current, current
			case "write":
				return true, asked.to
			default:
				holds := asked.from == current
				next := current
				if holds {
					next = asked.to
				}
				return answer.isUnknown || answer.isFound == holds, next
			}
		},
	}
}

type textInput struct {
	f, key, value string
}

type textOutput struct {
	isUnknown bool
	value     string
}

// Texts by key, each of them a history of its own.
var texts = porcupine.Model{
	PartitionEvent: func(events []porcupine.Event) [][]porcupine.Event {
		byKey := map[string][]porcupine.Event{}
		keyOf := map[int]string{}
		for _, event := range events {
			if event.Kind == porcupine.CallEvent {
				keyOf[event.Id] = event.Value.(textInput).key
			}
			key := keyOf[event.Id]
			byKey[key] = append(byKey[key], event)
		}
		var parts [][]porcupine.Event
		for _, part := range byKey {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() interface{} { return "" },
	Step: func(state, input, output interface{}) (bool, interface{}) {
		current := state.(string)
		asked := input.(textInput)
		answer := output.(textOutput)
		switch asked.f {
		case "get":
			return answer.isUnknown || answer.value == current, current
		case "put":
			return true, asked.value
		default:
			return true, current + asked.value
		}
	},
}
