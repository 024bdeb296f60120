import type { ChildProcess } from 'node:child_process'
import { dirname, join } from 'node:path/posix'
import { type Node, SyntaxKind, type SourceFile as Tree } from 'typescript/unstable/ast'
import * as is from 'typescript/unstable/ast/is'
import { createVirtualFileSystem } from 'typescript/unstable/fs'
import { API } from 'typescript/unstable/sync'
import type { Export, Import, Mention, SourceFile } from './source-file.ts'

/**
 * Every TypeScript file of the project in `root`, as facts.
 *
 * ```ts
 * const files = readProject('/path/to/checkout')
 * ```
 *
 * The parser's interface is marked unstable; the version is pinned and this file is the only one that knows it.
 */
export function readProject(root: string): SourceFile[] {
  return read(new API({ cwd: root }), root)
}

/** As `readProject`, of files that exist only here: `{ 'src/a.ts': 'export const a = 1' }`. */
export function readVirtualProject(files: Readonly<Record<string, string>>): SourceFile[] {
  const root = '/project'
  const settings = JSON.stringify({ compilerOptions: { noLib: true, types: [] }, include: ['**/*'] })
  const absolute = Object.entries(files).map(([path, text]) => [`${root}/${path}`, text])
  const fs = createVirtualFileSystem({ ...Object.fromEntries(absolute), [`${root}/tsconfig.json`]: settings })
  return read(new API({ cwd: root, fs }), root)
}

function read(api: API, root: string): SourceFile[] {
  try {
    const snapshot = api.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] })
    const [project] = snapshot.getProjects()
    if (project === undefined) throw new Error(`no tsconfig.json was found in ${root}`)
    return project.rootFiles.map((file) =>
      facts(project.program.getSourceFile(file)!, file.slice(root.length + 1)),
    )
  } finally {
    close(api)
  }
}

/** Ended politely, the compiler prints that it was cancelled. */
function close(api: API): void {
  const { client } = api as unknown as { client?: { channel?: { child?: ChildProcess } } }
  const child = client?.channel?.child
  if (child !== undefined) child.kill = child.kill.bind(child, 'SIGKILL')
  api.close()
}

function facts(tree: Tree, path: string): SourceFile {
  const imports: Import[] = []
  const exports: Omit<Export, 'usesInside'>[] = []
  const members: Mention[] = []
  const mentions: Mention[] = []
  const declared = new Set<string>()
  const line = (node: Node) => tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1

  const addImport = (node: Node, from: Node, facts: Pick<Import, 'typeOnly' | 'names' | 'reexport'>) => {
    if (is.isStringLiteral(from)) imports.push({ from: resolve(path, from.text), line: line(node), ...facts })
  }

  for (const statement of tree.statements) {
    if (is.isImportDeclaration(statement)) {
      const clause = statement.importClause
      const bindings = clause?.namedBindings
      const named = bindings !== undefined && is.isNamedImports(bindings) ? [...bindings.elements] : []
      addImport(statement, statement.moduleSpecifier, {
        typeOnly:
          clause?.phaseModifier === SyntaxKind.TypeKeyword ||
          (named.length > 0 && clause?.name === undefined && named.every((element) => element.isTypeOnly)),
        names: [
          ...(clause?.name === undefined ? [] : ['default']),
          ...(bindings !== undefined && is.isNamespaceImport(bindings) ? ['*'] : []),
          ...named.map((element) => (element.propertyName ?? element.name).text),
        ],
        reexport: false,
      })
    } else if (is.isExportDeclaration(statement)) {
      const clause = statement.exportClause
      const named = clause !== undefined && is.isNamedExports(clause) ? [...clause.elements] : []
      for (const { name, isTypeOnly } of named) {
        exports.push({ name: name.text, line: line(statement), isType: statement.isTypeOnly || isTypeOnly })
      }
      if (named.length === 0) exports.push({ name: '*', line: line(statement), isType: statement.isTypeOnly })
      if (statement.moduleSpecifier !== undefined) {
        addImport(statement, statement.moduleSpecifier, {
          typeOnly: statement.isTypeOnly,
          names:
            named.length > 0 ? named.map(({ name, propertyName }) => (propertyName ?? name).text) : ['*'],
          reexport: true,
        })
      }
    } else if (is.isExportAssignment(statement)) {
      exports.push({ name: 'default', line: line(statement), isType: false })
    } else {
      exports.push(...exportsOf(statement).map((found) => ({ ...found, line: line(statement) })))
    }
  }

  visit(tree)

  function visit(node: Node): void {
    if (is.isImportDeclaration(node) || is.isExportDeclaration(node)) {
      node.forEachChild((child) => child.forEachChild(declareImported))
      // `export { here }` without `from` speaks of a name of this file.
      if (is.isExportDeclaration(node) && node.moduleSpecifier === undefined) node.forEachChild(visit)
      return
    }
    if (is.isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword && node.arguments[0]) {
      addImport(node, node.arguments[0], { typeOnly: false, names: ['*'], reexport: false })
    } else if (is.isNewExpression(node) && isName(node.expression, 'URL')) {
      const from = relativeFile(node.arguments?.[0])
      if (from !== undefined) {
        const where = { from: resolve(path, from), line: line(node) }
        imports.push({ ...where, typeOnly: false, names: ['*'], reexport: false })
      }
    } else if (is.isImportTypeNode(node) && is.isLiteralTypeNode(node.argument)) {
      addImport(node, node.argument.literal, { typeOnly: true, names: ['*'], reexport: false })
    } else if (is.isIdentifier(node)) {
      identifier(node.text, node)
    }
    node.forEachChild(visit)
  }

  function identifier(name: string, node: Node): void {
    const parent = node.parent
    if (is.isPropertyAccessExpression(parent) && parent.name === node) {
      const onGlobal = is.isIdentifier(parent.expression) && parent.expression.text === 'globalThis'
      const found = { name, member: undefined, line: line(node) }
      ;(onGlobal ? mentions : members).push(found)
    } else if (isDeclaration(parent) && parent.name === node) {
      declared.add(name)
    } else if (!isNamePosition(parent, node)) {
      const member = is.isPropertyAccessExpression(parent)
        ? (parent.name as { text: string }).text
        : undefined
      mentions.push({ name, member, line: line(node) })
    }
  }

  function declareImported(node: Node): void {
    if (is.isIdentifier(node)) declared.add(node.text)
    else node.forEachChild(declareImported)
  }

  const uses = new Map<string, number>()
  for (const { name } of mentions) uses.set(name, (uses.get(name) ?? 0) + 1)
  return {
    path,
    text: tree.text,
    imports,
    exports: exports.map((found) => ({ ...found, usesInside: uses.get(found.name) ?? 0 })),
    globals: mentions.filter(({ name }) => !declared.has(name)),
    members,
  }
}

/** Declarations with an `export` before them. */
function exportsOf(statement: Node): { name: string; isType: boolean }[] {
  const modifiers = (statement as { modifiers?: readonly Node[] }).modifiers ?? []
  if (!modifiers.some(({ kind }) => kind === SyntaxKind.ExportKeyword)) return []
  if (modifiers.some(({ kind }) => kind === SyntaxKind.DefaultKeyword))
    return [{ name: 'default', isType: false }]
  if (is.isVariableStatement(statement)) {
    return statement.declarationList.declarations
      .flatMap(({ name }) => boundNames(name))
      .map((name) => ({ name, isType: false }))
  }
  const name = (statement as { name?: Node }).name
  if (name === undefined || !is.isIdentifier(name)) return []
  return [
    { name: name.text, isType: is.isInterfaceDeclaration(statement) || is.isTypeAliasDeclaration(statement) },
  ]
}

function boundNames(name: Node): string[] {
  if (is.isIdentifier(name)) return [name.text]
  const names: string[] = []
  name.forEachChild((element) => {
    if (is.isBindingElement(element) && element.name !== undefined) names.push(...boundNames(element.name))
  })
  return names
}

const isName = (node: Node, name: string) => is.isIdentifier(node) && node.text === name

/** A worker or an asset: `new URL('./worker.ts', import.meta.url)`, also with the extension filled in. */
function relativeFile(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined
  if (is.isStringLiteral(node)) return node.text.startsWith('.') ? node.text : undefined
  if (!is.isTemplateExpression(node) || !node.head.text.startsWith('.')) return undefined
  return `${node.head.text.replace(/\.$/, '')}.ts`
}

const isDeclaration = (node: Node): node is Node & { name?: Node } =>
  is.isVariableDeclaration(node) ||
  is.isParameterDeclaration(node) ||
  is.isBindingElement(node) ||
  is.isFunctionDeclaration(node) ||
  is.isFunctionExpression(node) ||
  is.isClassDeclaration(node) ||
  is.isClassExpression(node) ||
  is.isInterfaceDeclaration(node) ||
  is.isTypeAliasDeclaration(node) ||
  is.isTypeParameterDeclaration(node)

/** Names that are labels of a place in an object or type, not uses of a variable: `{ process: 1 }`. */
function isNamePosition(parent: Node, node: Node): boolean {
  if (is.isShorthandPropertyAssignment(parent)) return false
  const { name, propertyName } = parent as { name?: Node; propertyName?: Node }
  return name === node || propertyName === node || is.isQualifiedName(parent)
}

function resolve(importer: string, specifier: string): string {
  return specifier.startsWith('.') ? join(dirname(importer), specifier) : specifier
}
