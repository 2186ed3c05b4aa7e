import { describe, expect, it } from 'vitest'
import { keyInFragment, keyProblem } from '../../src/lib/key.ts'
import { linkTo, parseRoute, type Route } from '../../src/lib/route.ts'

const ID = '507f1f77bcf86cd799439011'

describe('the fragment of the address', () => {
  it('may carry a key', () => {
    expect(keyInFragment('#key=pw_a-b')).toBe('pw_a-b')
    expect(keyInFragment('#key=pw%2Fx')).toBe('pw/x')
    for (const none of ['', '#', '#key=', '#/assets?name=key', '#/assets?key=x']) {
      expect(keyInFragment(none), none).toBeUndefined()
    }
  })

  it('may be a route, which leads back to itself', () => {
    const routes: Route[] = [
      { view: 'upload' },
      { view: 'uploads', page: 3 },
      { view: 'upload-detail', id: ID },
      { view: 'assets', page: 1, name: '', type: '' },
      { view: 'assets', page: 2, name: 'a b&c=d?#%', type: 'video' },
      { view: 'asset-detail', id: ID },
    ]
    for (const route of routes) expect(parseRoute(linkTo(route))).toEqual(route)
  })

  it('leads nowhere when it is none of these', () => {
    for (const text of ['#/else', '#/assets/1', `#/assets/${ID}/more`, '#/upload/x']) {
      expect(parseRoute(text), text).toEqual({ view: 'unknown' })
    }
    expect(parseRoute('#/uploads?page=-2')).toEqual({ view: 'uploads', page: 1 })
  })
})

describe('a key that is typed in', () => {
  it('is told what is wrong with it before the server is asked', () => {
    expect(keyProblem('')).toBe('Enter an API key.')
    expect(keyProblem('a b')).toMatch(/without spaces/)
    expect(keyProblem('schlüssel')).toMatch(/letters, digits and signs/)
    expect(keyProblem('pw_ok-1')).toBeUndefined()
  })
})
