import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const CHROMIUM = '/usr/bin/chromium'
const ARGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
]

const present = existsSync(CHROMIUM)
if (!present && process.env.CI) throw new Error(`${CHROMIUM} is needed for the tests in a browser`)
/** For names of suites. */
export const inChromium = present ? 'in Chromium' : `in Chromium (skipped: no ${CHROMIUM})`
export const skipsChromium = !present

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ARGS })
