import type { UploadList, UploadSummary } from '@partway/protocol'
import { describe, expect, it } from 'vitest'
import { withUpload } from '../../src/lib/upload-list.ts'

const LIMIT = 3

/** Begun at a second, which is its id too. */
const upload = (second: number, status: UploadSummary['status'] = 'active'): UploadSummary => ({
  upload_id: `id-${second}`,
  asset_id: `asset-${second}`,
  filename: `${second}.mp4`,
  status,
  ...{ total_size: 100, chunk_size: 10, total_chunks: 10, chunks_completed: 1, uploaded_size: 10 },
  created_at: new Date(second * 1000).toISOString(),
  expires_at: new Date((second + 60) * 1000).toISOString(),
})

const listOf = (seconds: number[], total = seconds.length, page = 1): UploadList => ({
  data: seconds.map((second) => upload(second)),
  page_info: {
    ...{ page, limit_per_page: LIMIT, total_results: total },
    total_page: Math.ceil(total / LIMIT),
  },
})

const shown = ({ data }: UploadList) => data.map(({ upload_id: id }) => Number(id.slice(3)))
const counts = ({ page_info: { total_results, total_page } }: UploadList) => [
  total_results,
  total_page,
]

describe('the list of uploads', () => {
  it('puts what it has in its place, and counts it once', () => {
    const list = withUpload(listOf([9, 8, 7]), upload(8, 'failed'))
    expect(list.data.map(({ status }) => status)).toEqual(['active', 'failed', 'active'])
    expect(shown(list)).toEqual([9, 8, 7])
    expect(counts(list)).toEqual([3, 1])
  })

  it('is in the order of creation, whenever an upload is told', () => {
    expect(shown(withUpload(listOf([9, 7]), upload(8)))).toEqual([9, 8, 7])
    expect(shown(withUpload(listOf([9, 7]), upload(5)))).toEqual([9, 7, 5])
    expect(shown(withUpload(listOf([9, 7]), upload(10, 'expired')))).toEqual([10, 9, 7])
  })

  it('orders uploads of the same moment by their ids', () => {
    const { created_at } = upload(7)
    expect(shown(withUpload(listOf([7]), { ...upload(8), created_at }))).toEqual([8, 7])
    expect(shown(withUpload(listOf([7]), { ...upload(6), created_at }))).toEqual([7, 6])
  })

  it('is never longer than a page, and counts what went to the next one', () => {
    let list = listOf([3, 2, 1])
    for (let second = 4; second <= 8; second++) list = withUpload(list, upload(second))
    expect(shown(list)).toEqual([8, 7, 6])
    expect(counts(list)).toEqual([8, 3])
  })

  it('leaves out what is older than a full page: it is on another one already', () => {
    const list = listOf([9, 8, 7], 5)
    expect(withUpload(list, upload(2))).toBe(list)
  })

  it('leaves out what is completed, unless it was shown before', () => {
    const list = listOf([9, 8, 7], 4)
    expect(withUpload(list, upload(10, 'completed'))).toBe(list)
    const completed = withUpload(list, upload(8, 'completed'))
    expect(shown(completed)).toEqual([9, 8, 7])
    expect(counts(completed)).toEqual([3, 1])
    expect(counts(withUpload(completed, upload(8, 'completed')))).toEqual([3, 1])
  })

  it('changes what a later page has, and adds nothing to it', () => {
    const list = listOf([3, 2], 5, 2)
    expect(withUpload(list, upload(9))).toBe(list)
    expect(withUpload(list, upload(2, 'failed')).data[1]?.status).toBe('failed')
  })
})
