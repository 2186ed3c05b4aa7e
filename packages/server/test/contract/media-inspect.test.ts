import { describe } from 'vitest'
import { inspectSuite } from './media-inspect.ts'

describe('inspecting with ffprobe', () => inspectSuite('ffprobe'))
