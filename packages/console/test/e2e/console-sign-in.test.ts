import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { runProgram, TEST_KEY } from '../../../server/test/support/program.ts'
import { type ConsoleWorld, enter, openPage, startConsoleWorld } from '../support/console-world.ts'

describe.skipIf(skipsChromium)(`signing in to the console ${inChromium}`, () => {
  let world: ConsoleWorld
  let page: Page
  beforeAll(async () => {
    world = await startConsoleWorld()
  })
  afterAll(() => world?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    ;({ page } = await openPage(world))
  })
  afterEach(() => page?.context().close())

  const navigation = () => page.getByRole('navigation', { name: 'Main' })
  const key = () => page.getByLabel('API key')
  const stored = () =>
    page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))

  it('asks for a key, says what is wrong with one, and takes the right one', async () => {
    await page.goto(world.origin)
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('Enter an API key.').waitFor()
    await key().fill('two words')
    await page.keyboard.press('Enter')
    await page.getByText('without spaces').waitFor()
    await key().fill('pw_not-a-key')
    await page.keyboard.press('Enter')
    const alert = page.getByRole('alert')
    await alert.getByText('The server does not know this key').waitFor()
    expect(await alert.textContent()).toMatch(/api_key_invalid · HTTP 401 · request [0-9a-f-]{36}/)
    await key().fill(TEST_KEY)
    await page.keyboard.press('Enter')
    await navigation().waitFor()
  })

  it('keeps the key in the tab alone, until somebody signs out', async () => {
    await enter(world, page)
    expect(await stored()).toBe(JSON.stringify([{}, { 'partway-key': TEST_KEY }]))
    await page.reload()
    await navigation().waitFor()
    const other = await page.context().newPage()
    await other.goto(world.origin)
    await other.getByLabel('API key').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await key().waitFor()
    expect(await stored()).toBe('[{},{}]')
    await page.reload()
    await key().waitFor()
  })

  it('says that the key of a link is wrong, and shows it nowhere', async () => {
    await page.goto(`${world.origin}/#key=pw_not-a-key`)
    await page.getByText('The server does not know this key').waitFor()
    expect(page.url()).toBe(`${world.origin}/`)
    expect(await page.content()).not.toContain('pw_not-a-key')
    await page.goBack()
    expect(page.url()).not.toContain('pw_not-a-key')
  })

  it('takes a link that is opened where the console is already', async () => {
    await page.goto(world.origin)
    await key().waitFor()
    await enter(world, page)
    expect(await key().count()).toBe(0)
  })

  it('ends when the key is revoked, and says so', async () => {
    const keys = (...args: string[]) => runProgram(['keys', ...args, '--data', world.server.data])
    const made = JSON.parse((await keys('create', '--account', 'studio', '--json')).stdout)
    await page.goto(`${world.origin}/#key=${made.key}`)
    await navigation().waitFor()
    await keys('revoke', made.id)
    await page.getByRole('link', { name: 'Assets', exact: true }).click()
    await page.getByText('The server no longer takes this key').waitFor()
    expect(await stored()).toBe('[{},{}]')
  })

  it('shows the curl of a call with a name in place of the key', async () => {
    await enter(world, page, '#/assets?name=it%27s')
    await page.getByRole('button', { name: 'Show the request' }).click()
    const dialog = page.getByRole('dialog', { name: 'The request' })
    const text = await dialog.locator('pre').textContent()
    expect(text).toBe(
      `curl '${world.origin}/v1.3/assets?page=1&page_limit=24&filename=it%27s' \\\n` +
        '  -H "x-api-key: $PARTWAY_API_KEY"',
    )
    expect(await dialog.getByRole('link', { name: 'API reference' }).getAttribute('href')).toBe(
      '/docs',
    )
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    const focused = await page.evaluate(() => document.activeElement?.textContent)
    expect(focused).toBe('Show the request')
  })
})
