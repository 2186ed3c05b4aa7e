import { describe } from 'vitest'
import { inspectSuite } from './media-inspect.ts'

describe('inspecting with the embedded reader', () => inspectSuite('embedded'))
