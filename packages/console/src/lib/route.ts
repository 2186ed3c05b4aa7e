export type Route =
  | { view: 'upload' }
  | { view: 'uploads'; page: number }
  | { view: 'upload-detail'; id: string }
  | { view: 'assets'; page: number; name: string; type: string }
  | { view: 'asset-detail'; id: string }
  | { view: 'unknown' }

const ID = /^[0-9a-f]{24}$/

/** Where a fragment leads, such as `#/assets?name=film&page=2`. No fragment is the first view. */
export function parseRoute(fragment: string): Route {
  const [path = '', query = ''] = fragment.replace(/^#\/?/, '').split('?')
  const given = new URLSearchParams(query)
  const page = Math.max(1, Math.trunc(Number(given.get('page'))) || 1)
  const [view = '', id, more] = path.split('/')
  if (more !== undefined) return { view: 'unknown' }
  if (view === '' || (view === 'upload' && id === undefined)) return { view: 'upload' }
  if (view === 'uploads' && id === undefined) return { view: 'uploads', page }
  if (view === 'uploads' && ID.test(id!)) return { view: 'upload-detail', id: id! }
  if (view === 'assets' && id === undefined) {
    return { view: 'assets', page, name: given.get('name') ?? '', type: given.get('type') ?? '' }
  }
  if (view === 'assets' && ID.test(id!)) return { view: 'asset-detail', id: id! }
  return { view: 'unknown' }
}

/** The fragment of a route; what is as by default is left out. */
export function linkTo(route: Route): string {
  switch (route.view) {
    case 'uploads':
      return `#/uploads${queryOf({ page: route.page })}`
    case 'upload-detail':
      return `#/uploads/${route.id}`
    case 'assets':
      return `#/assets${queryOf({ name: route.name, type: route.type, page: route.page })}`
    case 'asset-detail':
      return `#/assets/${route.id}`
    default:
      return '#/upload'
  }
}

function queryOf({ page, ...texts }: { page: number } & Record<string, string | number>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(texts)) if (value) query.set(name, String(value))
  if (page > 1) query.set('page', String(page))
  return query.size > 0 ? `?${query}` : ''
}
