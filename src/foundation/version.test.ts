import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { DURE_VERSION } from './version.ts'

test('nodes say the version that the package has', () => {
  expect(DURE_VERSION).toBe(manifest.version)
})
