import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/server/config.ts'

const read = (url: string) => readConfig({ PARTWAY_STORE_URL: url }).store

const PLAIN = {
  ...{ kind: 's3', bucket: 'films', prefix: '', region: 'us-east-1' },
  ...{ endpoint: undefined, publicEndpoint: undefined, pathStyle: false },
}

describe('the URL of a store', () => {
  it.each([
    ['s3://films', {}],
    ['s3://films/', {}],
    ['s3://films?path_style=0', {}],
    ['s3://films.example.com', { bucket: 'films.example.com' }],
    ['s3://films/a/b', { prefix: 'a/b/' }],
    ['s3://films/a/b/', { prefix: 'a/b/' }],
    ['s3://films/media_v1.2-x', { prefix: 'media_v1.2-x/' }],
    ['s3://films?region=eu-central-1', { region: 'eu-central-1' }],
    ['s3://films?path_style=1', { pathStyle: true }],
    ['s3://films?endpoint=https://s3.example.com', { endpoint: 'https://s3.example.com' }],
    ['s3://films?endpoint=https://s3.example.com/', { endpoint: 'https://s3.example.com' }],
    [
      's3://films?endpoint=http%3A%2F%2Frgw%3A7480&public_endpoint=https%3A%2F%2Fs3.example.com',
      { endpoint: 'http://rgw:7480', publicEndpoint: 'https://s3.example.com' },
    ],
    // A bucket cannot be a part of an address.
    [
      's3://films?endpoint=http://127.0.0.1:7480',
      { endpoint: 'http://127.0.0.1:7480', pathStyle: true },
    ],
    ['s3://films?endpoint=http://[::1]:7480', { endpoint: 'http://[::1]:7480', pathStyle: true }],
  ])('is understood: %s', (url, expected) => {
    expect(read(url)).toEqual({ ...PLAIN, ...expected })
  })

  it('is a folder, too', () => {
    expect(read('file:here')).toEqual({ kind: 'file', path: resolve('here') })
  })

  it.each([
    ['s3://', 'BUCKET'],
    ['s3:films', 'BUCKET'],
    ['s3:///films', 'BUCKET'],
    ['s3://Films', 'BUCKET'],
    ['s3://fi', 'BUCKET'],
    ['s3://user:hunter2@films', 'BUCKET'],
    ['s3://films:80', 'BUCKET'],
    ['s3://films#x', 'BUCKET'],
    ['s3://films/a b', 'prefix'],
    ['s3://films/a/../b', 'prefix'],
    ['s3://films/./b', 'prefix'],
    ['s3://films/ü', 'prefix'],
    [`s3://films/${'a'.repeat(201)}`, 'prefix'],
    ['s3://films?regoin=eu-central-1', 'regoin is one too many'],
    ['s3://films?region=a&region=b', 'region is one too many'],
    ['s3://films?region=', 'region'],
    ['s3://films?region=EU', 'region'],
    ['s3://films?path_style=yes', 'path_style'],
    ['s3://films?endpoint=s3.example.com', 'whose endpoint'],
    ['s3://films?endpoint=ftp://s3.example.com', 'whose endpoint'],
    ['s3://films?endpoint=https://s3.example.com/path', 'whose endpoint'],
    ['s3://films?endpoint=https://s3.example.com%3Fx', 'whose endpoint'],
    ['s3://films?endpoint=https://key:hunter2@s3.example.com', 'whose endpoint'],
    ['s3://films?endpoint=https%3A%2F%2Fkey%3Ahunter2%40s3.example.com', 'whose endpoint'],
    ['s3://films?public_endpoint=x', 'whose public_endpoint'],
    ['s3://films?region=a&secret_access_key=hunter2', 'secret_access_key is one too many'],
    ['gopher://films', 'file:'],
  ])('is refused, with a reason and without secrets: %s', (url, reason) => {
    expect(() => read(url)).toThrow(reason)
    expect(() => read(url)).not.toThrow('hunter2')
  })
})
