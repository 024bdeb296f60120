import { describe, expect, it } from 'vitest'
import { SenderFinder } from './sender-finder.ts'

const request = (path: string, ...headers: readonly string[]): Buffer =>
  Buffer.from([`POST ${path} HTTP/1.1`, 'Host: 127.0.0.1:2380', ...headers, '', ''].join('\r\n'))

describe('who opened a connection', () => {
  it('is in a header of each request of Raft, in whatever pieces it comes', () => {
    const whole = request('/raft', 'X-Server-From: 8e9e05c52164694d', 'X-Server-Version: 3.4.23')
    for (let cut = 1; cut < whole.length; cut++) {
      const finder = new SenderFinder()
      const found = [whole.subarray(0, cut), whole.subarray(cut)].map((piece) => finder.look(piece))
      expect(found[1]).toBe('8e9e05c52164694d')
    }
  })

  it('stays unknown through probes, and is known from then on', () => {
    const finder = new SenderFinder()
    expect(finder.look(request('/raft/probing'))).toBeUndefined()
    expect(finder.look(request('/version', 'X-Server-Version: 3.4.23'))).toBeUndefined()
    expect(finder.look(request('/raft', 'X-Server-From: a1'))).toBe('a1')
    expect(finder.look(Buffer.from('X-Server-From: ff\r\n'))).toBe('a1')
  })
})
