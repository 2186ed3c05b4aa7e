import { describe, expect, it } from 'vitest'
import { likelyKind, verdict } from '../../src/core/verdict.ts'
import { assetFor, sampleUpload } from '../contract/samples.ts'
import { foundAs } from '../support/fakes.ts'

const assetOf = (method: 'direct' | 'url' | 'multipart', type: 'video' | 'audio' | 'image') => ({
  ...{ ...assetFor(sampleUpload()), method, type },
})

describe('what a MIME type alone stands for', () => {
  it.each([
    ['video/mp4', 'video'],
    ['video/x-matroska', 'video'],
    ['application/ogg', 'video'],
    ['application/mxf', 'video'],
    ['application/vnd.ms-asf', 'video'],
    ['audio/mpeg', 'audio'],
    ['image/png', 'image'],
    ['image/svg+xml', 'image'],
    ['application/pdf', 'document'],
    ['text/plain', 'document'],
    ['text/markdown', 'document'],
    ['application/zip', undefined],
    ['application/x-msdownload', undefined],
    ['application/octet-stream', undefined],
    ['', undefined],
  ])('%s: %s', (mimeType, kind) => {
    expect(likelyKind(mimeType)).toBe(kind)
  })
})

describe('what a container holds', () => {
  it.each([
    ['video/mp4', 1, 1, 'video'],
    ['video/mp4', 1, 0, 'video'],
    ['video/mp4', 0, 2, 'audio'],
    ['video/mp4', 0, 0, undefined],
    ['audio/mp4', 1, 0, 'video'],
    ['audio/mpeg', 0, 1, 'audio'],
    ['application/ogg', 0, 1, 'audio'],
    ['image/gif', 1, 0, 'image'],
    ['application/pdf', 1, 1, 'document'],
  ])('%s with %i video and %i audio streams: %s', (mimeType, video, audio, kind) => {
    const technicalMetadata = { total_video_streams: video, total_audio_streams: audio }
    const { state, type } = verdict(
      assetOf('url', 'video'),
      foundAs(mimeType, { technicalMetadata }),
    )
    expect([state, type]).toEqual(kind ? ['ready', kind] : ['failed', undefined])
  })
})

describe.each(['direct', 'url'] as const)('of what came by %s', (method) => {
  it('the content tells the type', () => {
    for (const [mimeType, type] of [
      ['audio/mpeg', 'audio'],
      ['image/png', 'image'],
      ['application/pdf', 'document'],
      ['video/mp4', 'video'],
    ] as const) {
      const changes = verdict(assetOf(method, 'video'), foundAs(mimeType))
      expect(changes).toMatchObject({ state: 'ready', type, mimeType, reason: undefined })
    }
  })

  it('what ails the content is told, and its type stays a guess', () => {
    const found = foundAs('image/png', { problem: 'It is cut off.' })
    const changes = verdict(assetOf(method, 'video'), found)
    expect(changes).toMatchObject({ state: 'failed', reason: 'It is cut off.' })
    expect(changes).not.toHaveProperty('type')
  })

  it('nothing that is no media is ready', () => {
    for (const mimeType of ['application/zip', 'application/x-msdownload', undefined]) {
      const { state, reason } = verdict(assetOf(method, 'video'), foundAs(mimeType))
      expect(state).toBe('failed')
      expect(reason).toMatch(/\.$/)
    }
  })
})

describe('of what came in chunks', () => {
  it('the declared type stays, whatever the content is', () => {
    const changes = verdict(assetOf('multipart', 'audio'), foundAs('video/mp4'))
    expect(changes.state).toBe('ready')
    expect(changes).not.toHaveProperty('type')
  })

  it('another type is told before what ails the content', () => {
    const found = foundAs('image/png', { problem: 'It is cut off.' })
    const { reason } = verdict(assetOf('multipart', 'video'), found)
    expect(reason).toBe('The content is image/png, not video.')
  })

  it('a film without sound is no audio', () => {
    const found = foundAs('video/mp4', { technicalMetadata: { total_video_streams: 1 } })
    expect(verdict(assetOf('multipart', 'audio'), found).state).toBe('failed')
  })
})
