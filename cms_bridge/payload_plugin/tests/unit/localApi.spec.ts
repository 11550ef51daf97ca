/** Calls of Payload's Local API: each says whether access counts, whatever Payload's default is. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '../../src')
const operations = new Set([
  'count',
  'create',
  'delete',
  'find',
  'findByID',
  'queue',
  'run',
  'update',
])

/** Return the calls `payload.find(…)`, `payload.jobs.queue(…)` and their like, as they are written. */
function localCalls(source: ts.SourceFile): ts.CallExpression[] {
  const calls: ts.CallExpression[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { expression, name } = node.expression
      const isPayload = /(^|\.)payload(\.jobs)?$/.test(expression.getText(source))
      if (isPayload && operations.has(name.text)) calls.push(node)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return calls
}

test('every call says whether access counts', async () => {
  const names = await readdir(root, { recursive: true })
  const calls: string[] = []
  for (const name of names.filter((each) => /\.tsx?$/.test(each))) {
    const text = await readFile(path.join(root, name), 'utf8')
    const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true)
    calls.push(...localCalls(source).map((call) => `${name}: ${call.getText(source)}`))
  }
  expect(calls.length).toBeGreaterThan(15)
  expect(calls.filter((call) => !call.includes('overrideAccess'))).toEqual([])
})
