package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/anishathalye/porcupine"
)

// read makes a model and events of a file's text.
func read(form, text string) (porcupine.Model, []porcupine.Event, error) {
	switch form {
	case "etcd":
		events, err := pair(logLines(text), registerOperation("etcd"))
		return register(absent), events, err
	case "knossos":
		lines, err := ednMaps(text)
		if err != nil {
			return porcupine.Model{}, nil, err
		}
		events, err := pair(lines, registerOperation("knossos"))
		return register(0), events, err
	case "kv":
		lines, err := ednMaps(text)
		if err != nil {
			return porcupine.Model{}, nil, err
		}
		events, err := pair(lines, textOperation)
		return texts, events, err
	}
	return porcupine.Model{}, nil, fmt.Errorf("form %q is not etcd, knossos or kv", form)
}

// A line of a history, its values as they are written.
type line struct {
	process, kind, f, key, value string
}

// An operation as the model takes it; nil for what did not happen.
type operation struct {
	input, output interface{}
}

// pair makes calls and returns of lines. What never returned, or with an unknown outcome, returns at the end.
func pair(lines []line, convert func(call line, answer *line) (*operation, error)) ([]porcupine.Event, error) {
	answers := make([]*line, len(lines))
	returned := make([]int, len(lines))
	open := map[string]int{}
	for i := range lines {
		if lines[i].kind == "invoke" {
			open[lines[i].process] = i
			returned[i] = -1
			continue
		}
		call, found := open[lines[i].process]
		if !found {
			if lines[i].kind == "info" {
				continue
			}
			return nil, fmt.Errorf("line %d completes nothing", i+1)
		}
		delete(open, lines[i].process)
		if lines[i].kind != "info" {
			answers[call] = &lines[i]
			returned[call] = i
		}
	}
	ids := make([]int, len(lines))
	outputs := make([]interface{}, len(lines))
	var events []porcupine.Event
	var late []porcupine.Event
	next := 0
	for i := range lines {
		if lines[i].kind == "invoke" {
			found, err := convert(lines[i], answers[i])
			if err != nil {
				return nil, err
			}
			if found == nil {
				continue
			}
			events = append(events, porcupine.Event{Kind: porcupine.CallEvent, Value: found.input, Id: next})
			if returned[i] == -1 {
				late = append(late, porcupine.Event{Kind: porcupine.ReturnEvent, Value: found.output, Id: next})
			} else {
				ids[returned[i]] = next
				outputs[returned[i]] = found.output
			}
			next++
		} else if outputs[i] != nil {
			events = append(events, porcupine.Event{Kind: porcupine.ReturnEvent, Value: outputs[i], Id: ids[i]})
		}
	}
	return append(events, late...), nil
}

func registerOperation(origin string) func(call line, answer *line) (*operation, error) {
	return func(call line, answer *line) (*operation, error) {
		if call.process == ":nemesis" {
			return nil, nil
		}
		input := registerInput{f: call.f}
		output := registerOutput{isUnknown: answer == nil}
		isFailed := answer != nil && answer.kind == "fail"
		var err error
		switch call.f {
		case "read":
			if isFailed || answer == nil {
				return nil, nil
			}
			switch {
			case answer.value != "nil":
				output.value, err = strconv.Atoi(answer.value)
			case origin == "etcd":
				output.value = absent
			default:
				output.isAny = true
			}
		case "write":
			if isFailed {
				return nil, nil
			}
			input.to, err = strconv.Atoi(call.value)
		case "cas":
			// A comparison that failed says something of the state in etcd's logs, and nothing in those of Knossos.
			if isFailed && origin != "etcd" {
				return nil, nil
			}
			output.isFound = !isFailed
			_, err = fmt.Sscanf(call.value, "[%d %d]", &input.from, &input.to)
		default:
			return nil, nil
		}
		return &operation{input, output}, err
	}
}

func textOperation(call line, answer *line) (*operation, error) {
	if answer != nil && answer.kind == "fail" {
		return nil, nil
	}
	output := textOutput{isUnknown: answer == nil}
	if answer != nil {
		output.value = answer.value
	}
	return &operation{textInput{call.f, call.key, call.value}, output}, nil
}

// logLines reads Jepsen's log: the process, the type, the function and the value stand between tabs.
func logLines(text string) []line {
	var lines []line
	for _, row := range strings.Split(text, "\n") {
		_, entry, found := strings.Cut(row, "jepsen.util - ")
		fields := strings.Split(entry, "\t")
		if !found || len(fields) < 4 {
			continue
		}
		lines = append(lines, line{
			process: fields[0],
			kind:    strings.TrimPrefix(fields[1], ":"),
			f:       strings.TrimPrefix(fields[2], ":"),
			value:   strings.TrimSpace(fields[3]),
		})
	}
	return lines
}

// ednMaps reads a list of flat maps, wherever their lines break.
func ednMaps(text string) ([]line, error) {
	var lines []line
	at := 0
	var current *line
	for at < len(text) {
		switch c := text[at]; {
		case c == ';':
			end := strings.IndexByte(text[at:], '\n')
			if end == -1 {
				return lines, nil
			}
			at += end
		case c == '{':
			current = &line{value: "nil"}
			at++
		case c == '}':
			if current == nil {
				return nil, fmt.Errorf("a } without its { at byte %d", at)
			}
			lines = append(lines, *current)
			current = nil
			at++
		case c == ':' && current != nil:
			name, afterName := token(text, at)
			for afterName < len(text) && strings.IndexByte(" ,\n\t", text[afterName]) != -1 {
				afterName++
			}
			value, afterValue := token(text, afterName)
			if afterValue == afterName {
				return nil, fmt.Errorf("%s has no value at byte %d", name, at)
			}
			switch name {
			case ":process":
				current.process = value
			case ":type":
				current.kind = value[1:]
			case ":f":
				current.f = value[1:]
			case ":key":
				current.key = value
			case ":value":
				current.value = value
			}
			at = afterValue
		default:
			at++
		}
	}
	return lines, nil
}

// token is a word, a vector, a map, or a text between quotes without them.
func token(text string, at int) (string, int) {
	if at >= len(text) {
		return "", at
	}
	if text[at] == '"' {
		end := at + 1
		for end < len(text)-1 && text[end] != '"' {
			if text[end] == '\\' {
				end++
			}
			end++
		}
		return text[at+1 : end], end + 1
	}
	if text[at] == '[' || text[at] == '{' {
		depth := 0
		for end := at; end < len(text); end++ {
			switch text[end] {
			case '[', '{':
				depth++
			case ']', '}':
				depth--
			}
			if depth == 0 {
				return text[at : end+1], end + 1
			}
		}
	}
	end := at
	for end < len(text) && strings.IndexByte(" ,\n\t}])", text[end]) == -1 {
		end++
	}
	return text[at:end], end
}
