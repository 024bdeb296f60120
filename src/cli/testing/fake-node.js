// A node that only says what a node says; for tests of the supervisor. `--fail` and `--mute` are bad days.
const flags = new Set(process.argv.slice(2))
process.stderr.write('{"event":"starting"}\n')
if (flags.has('--fail')) {
  process.stdout.write('{"event":"failed","message":"the data directory belongs to node 9"}\n')
  process.exitCode = 1
} else {
  process.stdin.on('end', () => process.exit(9)).resume()
  process.on('SIGTERM', () => process.exit(0))
  if (flags.has('--crash')) setTimeout(() => process.exit(70), 50)
  process.stdout.write('{"event":"ready","node_id":1}\n')
}
