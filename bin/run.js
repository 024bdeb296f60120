// `node bin/run.js SCRIPT [ARGUMENT …]`: installs what is missing and runs the script under Node 24.
import { launch } from './launch.js'

const [script, ...args] = process.argv.slice(2)
if (script === undefined) {
  process.stderr.write('dure: say which script to run: node bin/run.js SCRIPT [ARGUMENT …]\n')
  process.exit(64)
}
await launch(script, args)
