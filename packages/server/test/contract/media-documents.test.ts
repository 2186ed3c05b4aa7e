import { describe } from 'vitest'
import { documentsSuite } from './media-documents.ts'
import { useInspector } from './media-world.ts'

// They have one reader, whatever is installed.
describe('inspecting images and documents', () => documentsSuite(useInspector('embedded')))
