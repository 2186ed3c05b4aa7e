import type { UploadList, UploadSummary } from '@partway/protocol'

/**
 * The list with the state of one upload that was told, as the server would list it: newest first,
 * no more than a page. What is shown stays until the list is loaded, also when it is completed.
 */
export function withUpload(list: UploadList, item: UploadSummary): UploadList {
  const { data, page_info: info } = list
  const shown = data.find(({ upload_id: id }) => id === item.upload_id)
  if (shown) {
    const left = isListed(shown) && !isListed(item) ? 1 : 0
    return {
      data: data.map((each) => (each === shown ? item : each)),
      page_info: counting(info, info.total_results - left),
    }
  }
  // What the other pages have, only the server can tell.
  if (info.page > 1 || !isListed(item)) return list
  const before = data.filter((each) => isNewer(each, item)).length
  // Older than a whole page of others: it is on another one, and counted already.
  if (before >= info.limit_per_page) return list
  return {
    data: data.toSpliced(before, 0, item).slice(0, info.limit_per_page),
    page_info: counting(info, info.total_results + 1),
  }
}

/** The server lists uploads that are not completed. */
const isListed = ({ status }: UploadSummary) => status !== 'completed'

/** Of two that were created in the same moment, the ids tell. */
function isNewer(a: UploadSummary, b: UploadSummary): boolean {
  const difference = Date.parse(a.created_at) - Date.parse(b.created_at)
  return difference === 0 ? a.upload_id > b.upload_id : difference > 0
}

const counting = (info: UploadList['page_info'], total: number): UploadList['page_info'] => ({
  ...info,
  total_results: total,
  total_page: Math.ceil(total / info.limit_per_page),
})
